import { expect, test } from "vitest";
import { busFormatOfProtocol, guessBusFormat } from "./bus-format.ts";
import { classifyLine } from "./reply-line.ts";
import { messagesOfReply, type LineFormat } from "./reply-messages.ts";

const read = (lines: readonly string[], format: LineFormat) => {
  const { messages, faults } = messagesOfReply(lines.map(classifyLine), format);
  return {
    messages: messages.map(({ ecu, payload }) => `${ecu}:${Buffer.from(payload).toString("hex")}`),
    faults,
  };
};

const OFF: LineFormat = { headers: false };
const CAN11: LineFormat = { headers: true, bus: "can11" };

test("11-bit and 29-bit frames, spaced or not, are trimmed by the declared length", () => {
  expect(read(["7E8 03 41 0D 20 AA AA AA AA"], CAN11).messages).toEqual(["7E8:410d20"]);
  const can29: LineFormat = { headers: true, bus: "can29" };
  expect(read(["18 DA F1 10 03 41 0D 20"], can29).messages).toEqual(["18DAF110:410d20"]);
});

test("a line that does not fit the bus is refused by name", () => {
  expect(read(["7E803410D2", "18DAF11003410D20", "7DF02010D", "7E8"], CAN11)).toEqual({
    messages: [],
    faults: ["bad_header", "bad_header", "bad_header", "bad_header"],
  });
});

test("older buses are believed only with the checksum that the standard asks for", () => {
  const iso: LineFormat = { headers: true, bus: "iso" };
  // 48 + 6B + 10 + 41 + 0D + 20 = 131, modulo 256 = 31.
  expect(read(["48 6B 10 41 0D 20 31"], iso)).toEqual({ messages: ["10:410d20"], faults: [] });
  expect(read(["48 6B 10 41 0D 21 31"], iso)).toEqual({ messages: [], faults: ["bad_checksum"] });
  const j1850: LineFormat = { headers: true, bus: "j1850" };
  expect(read(["48 6B 10 41 0D 20 31"], j1850).faults).toEqual(["bad_checksum"]);
});

test("SAE J1850's CRC is that of its published check value", () => {
  // CRC-8/SAE-J1850 of "123456789" is 4B; here as header, data and CRC.
  expect(read(["31 32 33 34 35 36 37 38 39 4B"], { headers: true, bus: "j1850" }).messages).toEqual([
    "33:343536373839",
  ]);
});

test("headers off: numbered parts make one message of the length that was said", () => {
  const vin = ["014", "0: 49 02 01 31 4D 38", "1: 47 44 4D 39 41 58 4B", "2: 50 30 34 32 37 38 38"];
  expect(read(vin, OFF)).toEqual({ messages: [":490201314d3847444d3941584b50303432373838"], faults: [] });
  expect(read(["410D20"], OFF).messages).toEqual([":410d20"]);
});

test.each([
  [
    "parts of two ECUs",
    ["014", "0: 490201314D38", "0: 490201314D38", "1: 47444D3941584B", "2: 50303432373838"],
  ],
  ["a part missing", ["014", "0: 490201314D38", "2: 50303432373838"]],
  ["parts swapped", ["014", "0: 490201314D38", "2: 50303432373838", "1: 47444D3941584B"]],
  ["no length", ["0: 490201314D38", "1: 47444D3941584B"]],
  ["too short", ["014", "0: 490201314D38", "1: 47444D3941584B"]],
  ["a part in the middle cut", ["014", "0: 490201314D38", "1: 47444D39", "2: 50303432373838"]],
  ["length alone", ["014"]],
  ["two lengths", ["014", "008", "0: 490201314D38", "1: 47444D3941584B", "2: 50303432373838"]],
])("headers off, %s: dropped and named", (_name, lines) => {
  expect(read(lines, OFF)).toEqual({ messages: [], faults: ["bad_segments"] });
});

test("the bus is known by protocol number, or judged by an answer", () => {
  expect(["A6", "7", "3", "A2", "A0", "?", "B"].map(busFormatOfProtocol)).toEqual([
    "can11",
    "can29",
    "iso",
    "j1850",
    null,
    null,
    null,
  ]);
  const lines = [
    "7E8064100BE3EB811",
    "18DAF110064100BE3EB811",
    "486B104100BE3EB811C9",
    "86F1104100FFFFFFFFC4",
    "1234",
  ];
  expect(lines.map(guessBusFormat)).toEqual(["can11", "can29", "iso", "iso", null]);
});
