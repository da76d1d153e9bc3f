import { expect, test } from "vitest";
import { readyLine } from "./ready-line.ts";

test("the ready line tells where the metrics are, and an agent's boot", () => {
  const gateway = '{"event":"ready","stage":"gateway","pid":7,"listen":"mqtt://h:1","metrics":"http://h:2"}';
  expect(readyLine(gateway)).toEqual({ metrics: "http://h:2", bootId: null });
  const agent = '{"event":"ready","stage":"agent","pid":7,"listen":null,"metrics":null,"boot_id":"b"}';
  expect(readyLine(agent)).toEqual({ metrics: null, bootId: "b" });
});

test.each(["12:00:00 info  uplink_connected", "{", '{"event":"other"}', "", '{"event":"ready"}'])(
  "%j is no ready line",
  (line) => {
    expect(readyLine(line)).toBeNull();
  },
);
