import { expect, test } from "vitest";
import { classifyLine, meansReset } from "./reply-line.ts";

test.each([
  ["NO DATA", "no_data"],
  ["STOPPED", "stopped"],
  ["BUFFER FULL", "buffer_full"],
  ["CAN ERROR", "can_error"],
  ["BUS INIT: ...ERROR", "bus_init_error"],
  ["BUS INIT: ERROR", "bus_init_error"],
  ["SEARCHING...UNABLE TO CONNECT", "unable_to_connect"],
  ["UNABLE TO CONNECT", "unable_to_connect"],
  ["48 6B 10 41 0C 1A <RX ERROR", "rx_error"],
  ["48 6B 10 41 0C 1A <DATA ERROR", "data_error"],
  ["DATA ERROR", "data_error"],
  ["LV RESET", "lv_reset"],
  ["ERR94", "internal_error"],
  ["ACT ALERT", "act_alert"],
  ["!LP ALERT", "low_power_alert"],
  ["BUS BUSY", "bus_busy"],
  ["BUS ERROR", "bus_error"],
  ["FB ERROR", "feedback_error"],
  ["FC RX TIMEOUT", "flow_control_timeout"],
  ["?", "unknown_command"],
])("%s is the error %s", (line, error) => {
  expect(classifyLine(line)).toEqual({ kind: "error", error });
});

test.each([
  ["41 0c 1a f8", { kind: "data", hex: "410C1AF8" }],
  ["SEARCHING...41 00 BE 3E", { kind: "data", hex: "4100BE3E" }],
  ["BUS INIT: ...OK", { kind: "progress" }],
  ["SEARCHING...", { kind: "progress" }],
  ["014", { kind: "data", hex: "014" }],
  ["0: 49 02 01 31", { kind: "segment", index: 0, hex: "49020131" }],
  ["OK", { kind: "ok" }],
  ["ELM327 v1.5", { kind: "text", text: "ELM327 v1.5" }],
  ["12.6V", { kind: "text", text: "12.6V" }],
])("%s is told apart", (line, expected) => {
  expect(classifyLine(line)).toEqual(expected);
});

test("only a lost supply and internal errors mean that the settings are gone", () => {
  const resets = ["LV RESET", "ERR94", "ERR71", "NO DATA", "STOPPED"].map((line) =>
    meansReset(classifyLine(line)),
  );
  expect(resets).toEqual([true, true, true, false, false]);
});
