import { isRoadstreamError, seededRandom } from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import { expect, test } from "vitest";
import { IDLING_CAR, type CarState } from "../car-state.ts";
import { noFaults } from "./elm327-faults.ts";
import { Elm327Socket } from "./elm327-socket.ts";
import { ENGINE_ECU, TRANSMISSION_ECU } from "./virtual-ecu.ts";
import { VirtualElm327, type VirtualElm327Options } from "./virtual-elm327.ts";

const LONG_MS = 20_000;

/** Types commands and returns what the adapter printed for each, CR as `|`. */
const terminal = (options: Partial<VirtualElm327Options> & { car?: CarState } = {}) => {
  let now = 0;
  const elm = new VirtualElm327({
    readCar: () => options.car ?? IDLING_CAR,
    random: seededRandom(1),
    ecus: [ENGINE_ECU],
    ...options,
    now,
  });
  const type = (command: string): string => {
    elm.push(new TextEncoder().encode(`${command}\r`), now);
    now += LONG_MS;
    return new TextDecoder().decode(elm.pull(now)).replaceAll("\r", "|");
  };
  now += LONG_MS;
  elm.pull(now);
  return { elm, type, quiet: () => ["ATE0", "ATL0", "ATS0"].forEach(type), now: () => now };
};

test("starts with echo, line feeds and spaces on, and its settings change them", () => {
  const { type } = terminal();
  expect(type("ATI")).toBe("ATI|ELM327 v1.5|\n|\n>");
  expect(type("ATE0")).toBe("ATE0|OK|\n|\n>");
  expect(type("ATL0")).toBe("OK|\n|\n>");
  expect(type("AT RV")).toBe("14.1V||>");
  expect(type("ATZ")).toContain("ELM327 v1.5");
  expect(type("ATI")).toBe("ATI|ELM327 v1.5|\n|\n>");
});

test("looks for the protocol first, answers, and names the protocol", () => {
  const { type, quiet } = terminal();
  quiet();
  expect(type("010C")).toBe("SEARCHING...|410C0C30||>");
  expect(type("010D")).toBe("410D00||>");
  expect(type("")).toBe("410D00||>");
  expect(type("ATDPN")).toBe("A6||>");
  expect(type("ATDP")).toBe("AUTO, ISO 15765-4 (CAN 11/500)||>");
});

test("prints several frames with headers, or numbered without", () => {
  const { type, quiet } = terminal();
  quiet();
  type("0100");
  expect(type("0902")).toBe("014|0: 490201314D38|1: 47444D3941584B|2: 50303432373838||>");
  type("ATH1");
  expect(type("0902")).toBe("7E81014490201314D38|7E82147444D3941584B|7E82250303432373838||>");
  expect(type("010D")).toBe("7E803410D00AAAAAAAA||>");
});

test("several units answer, their frames mixed", () => {
  const car = { ...IDLING_CAR, storedCodes: ["P0301", "P0420", "U0100"] };
  const { type, quiet } = terminal({ car, ecus: [ENGINE_ECU, TRANSMISSION_ECU] });
  quiet();
  type("ATH1");
  const senders = type("03").match(/7E[89]\d\d/g);
  expect(senders).toEqual(["7E810", "7E910", "7E821", "7E921"]);
});

test("an older bus shows header and checksum", () => {
  const { type, quiet } = terminal({ protocol: "3" });
  quiet();
  type("ATH1");
  expect(type("010D")).toBe("SEARCHING...|486B10410D0011||>");
  expect(type("03")).toBe("486B104300000000000006||>");
});

test("a silent car: cannot connect at first, no data once the protocol is known", () => {
  const { type, quiet } = terminal({ car: { ...IDLING_CAR, ignition: "off" } });
  quiet();
  expect(type("0100")).toBe("SEARCHING...|UNABLE TO CONNECT||>");
  const world = { car: IDLING_CAR };
  const other = terminal({ readCar: () => world.car });
  other.quiet();
  other.type("0100");
  world.car = { ...IDLING_CAR, ignition: "off" };
  expect(other.type("010C")).toBe("NO DATA||>");
});

test("a character stops it in the middle, unless it is stubborn", () => {
  const { elm, type, quiet, now } = terminal();
  quiet();
  type("0100");
  elm.push(new TextEncoder().encode("010C\r"), now());
  expect(type("")).toBe("STOPPED||>");
  elm.faults.stubborn = true;
  elm.push(new TextEncoder().encode("010C\r"), now());
  expect(type("ATI")).toContain("410C0C30||>");
});

test("unknown commands and what a clone lacks are answered by a question mark", () => {
  const { type, quiet } = terminal({ model: "clone" });
  quiet();
  expect([type("ATH1"), type("ATDPN"), type("XYZ")]).toEqual(
    ["?\r\r>", "?\r\r>", "?\r\r>"].map((t) => t.replaceAll("\r", "|")),
  );
});

test.each([
  ["no_data", "NO DATA||>"],
  ["can_error", "CAN ERROR||>"],
  ["buffer_full", "410D00|BUFFER FULL||>"],
  ["rx_error", "410D00 <RX ERROR||>"],
  ["err94", "ERR94||>"],
  ["no_answer", ""],
] as const)("trouble %s is printed once as %s", (trouble, text) => {
  const { type, quiet, elm } = terminal();
  quiet();
  type("0100");
  elm.faults.troubles.push(trouble);
  expect(type("010D")).toBe(text);
  if (trouble === "no_answer") expect(type("")).toBe("STOPPED||>");
  expect(type("010D")).toBe("410D00||>");
});

test("a supply dip brings back the factory settings and says so", () => {
  const { type, quiet, elm, now } = terminal();
  quiet();
  elm.brownOut(now());
  expect(new TextDecoder().decode(elm.pull(now()))).toBe("LV RESET\r\n\r\n>");
  expect(type("ATI")).toContain("ATI|");
});

test("unplugged, the cable is lost for reader, writer and the next open", async () => {
  const clock = new VirtualClock();
  const socket = new Elm327Socket({
    readCar: () => IDLING_CAR,
    random: seededRandom(2),
    clock,
    faults: noFaults(),
  });
  const signal = new AbortController().signal;
  const cable = await socket.open(signal);
  const read = (async () => {
    let text = "";
    for await (const bytes of cable.read(signal)) text += new TextDecoder().decode(bytes);
    return text;
  })();
  const lost = expect(read).rejects.toSatisfy((error) => isRoadstreamError(error, "channel_lost"));
  await clock.advance(1000);
  socket.unplug();
  await clock.settle();
  await lost;
  await expect(cable.write(Uint8Array.of(13))).rejects.toSatisfy((error) =>
    isRoadstreamError(error, "channel_lost"),
  );
  await expect(socket.open(signal)).rejects.toSatisfy((error) => isRoadstreamError(error, "channel_lost"));
  socket.plugIn();
  await expect(socket.open(signal)).resolves.toBeDefined();
});
