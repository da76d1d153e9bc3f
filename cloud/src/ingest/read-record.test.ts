import { expect, test } from "vitest";
import { readFast, readSlow } from "./read-record.ts";

const line = (of: { vehicle?: string; sent?: string; seq?: number; more?: string }): string =>
  `{"v":1,"vehicle_id":"${of.vehicle ?? "car-1"}","boot_id":"0190d5e4-7b1a-7abc-8def-0123456789ab","machine_boot":"m",` +
  `"received_at":"2026-03-14T12:00:01.000Z"${of.sent ?? ""},"seq":${of.seq ?? 1},"captured_at":"2026-03-14T12:00:00.000Z",` +
  `"clock":"gnss","uptime_ms":1000,"fix":"none"${of.more ?? ""}}`;

test("a line reads alike whatever was read before it", () => {
  const lines = [
    line({ seq: 12 }),
    line({ seq: 13 }),
    line({ seq: 3, sent: ',"sent_uptime_ms":5000' }),
    line({ seq: 14 }),
    line({ seq: 1, vehicle: "car-10" }),
    line({ seq: 2, vehicle: "car-1" }),
  ];
  for (const value of [...lines, ...lines.toReversed()])
    expect(readFast("gps_data", value)).toEqual(readSlow("gps_data", value));
});

test.each([
  ["a head alone", line({}).slice(0, line({}).indexOf(`"captured_at"`))],
  ["no number", line({}).replace(`"seq":1`, `"seq":`)],
  ["a number that begins with 0", line({}).replace(`"seq":1`, `"seq":01`)],
  ["two records on a line", `${line({})}${line({})}`],
  ["a field that is not known", line({ more: `,"x":1` })],
  ["another stream's field", line({ more: `,"rpm":900` })],
  ["nothing", ""],
])("%s is not read fast, behind a line with the same head", (_, value) => {
  expect(readFast("gps_data", line({}))).not.toBeNull();
  expect(readFast("gps_data", value)).toBeNull();
});
