import { uptimeMillis } from "@roadstream/shared";
import { expect, test } from "vitest";
import { parseVoltage } from "./elm-session.ts";
import { obdEmergency } from "./obd-emergency.ts";
import {
  ParkedCarWatch,
  PARKED_AFTER,
  PARKED_AFTER_BLIND,
  SILENT_AFTER,
  voltageWakes,
} from "./parked-car.ts";
import { planCycle } from "./polling-plan.ts";
import { ValueBook } from "./value-book.ts";

const still = { answered: true, speedKmh: 0, engineRpm: 0, voltageV: 12.5 };
const useAt = (watch: ParkedCarWatch, at: number, change: Partial<typeof still> | { voltageV: null } = {}) =>
  watch.observe({ ...still, ...change, at: uptimeMillis(at) });

test("a standing car with a resting battery is parked after its time, not a moment before", () => {
  const watch = new ParkedCarWatch({ patience: "full" });
  expect([useAt(watch, 0), useAt(watch, PARKED_AFTER - 1), useAt(watch, PARKED_AFTER)]).toEqual([
    "in_use",
    "in_use",
    "parked",
  ]);
});

test("a moving car, a turning engine or a charging battery begins the time anew", () => {
  for (const change of [{ speedKmh: 1 }, { engineRpm: 700 }, { voltageV: 13.9 }]) {
    const watch = new ParkedCarWatch({ patience: "full" });
    useAt(watch, 0);
    useAt(watch, PARKED_AFTER - 1, change);
    expect(useAt(watch, PARKED_AFTER)).toBe("in_use");
  }
});

test("without a voltage it takes longer; a bus that says nothing is silent soon", () => {
  const blind = new ParkedCarWatch({ patience: "full" });
  useAt(blind, 0, { voltageV: null });
  expect(useAt(blind, PARKED_AFTER, { voltageV: null })).toBe("in_use");
  expect(useAt(blind, PARKED_AFTER_BLIND, { voltageV: null })).toBe("parked");
  const silent = new ParkedCarWatch({ patience: "full" });
  useAt(silent, 0, { answered: false, voltageV: 14 });
  expect(useAt(silent, SILENT_AFTER, { answered: false, voltageV: 14 })).toBe("silent");
});

test("a lorry's two batteries are judged as one", () => {
  const watch = new ParkedCarWatch({ patience: "full" });
  useAt(watch, 0, { voltageV: 25 });
  expect(useAt(watch, PARKED_AFTER, { voltageV: 25 })).toBe("parked");
  expect(useAt(watch, PARKED_AFTER, { voltageV: 28 })).toBe("in_use");
});

test("looked at without patience, one still cycle is enough", () => {
  expect(useAt(new ParkedCarWatch({ patience: "none" }), 5)).toBe("parked");
  expect(useAt(new ParkedCarWatch({ patience: "none" }), 5, { engineRpm: 800 })).toBe("in_use");
});

test("an alternator that starts, a starter that turns, wake; a battery that settles does not", () => {
  expect([voltageWakes(12.5, 12.9), voltageWakes(12.5, 11.2), voltageWakes(13.1, 13.3)]).toEqual([
    true,
    true,
    true,
  ]);
  expect([voltageWakes(12.7, 12.6), voltageWakes(null, 14), voltageWakes(12.5, null)]).toEqual([
    false,
    false,
    false,
  ]);
});

test.each([
  ["12.6V", 12.6],
  ["12.6", 12.6],
  ["0.0V", null],
  ["99.9V", null],
  ["UNABLE TO CONNECT", null],
  ["410D20", null],
])("ATRV %s is %s", (text, volts) => {
  expect(parseVoltage(text)).toBe(volts);
});

const plan = (at: number, askedAt: Map<number, number>, severalPids: boolean) =>
  planCycle({
    at: uptimeMillis(at),
    supported: new Set([0x0d, 0x0c, 0x04, 0x11, 0x10, 0x5e, 0x05, 0x0f, 0x2f, 0x01]),
    memory: {
      askedAt: new Map([...askedAt].map(([pid, when]) => [pid, uptimeMillis(when)])),
      settled: new Set(),
    },
    severalPids,
  }).requests;

test("fast PIDs in every cycle, the longest waiting slow ones beside them, nothing that the car lacks", () => {
  expect(plan(1000, new Map(), true)).toEqual([
    [0x0d, 0x0c, 0x04, 0x11, 0x10, 0x5e],
    [0x01, 0x05, 0x0f, 0x2f],
  ]);
  const asked = new Map([
    [0x05, 500],
    [0x0f, 400],
    [0x2f, 600],
    [0x01, 700],
  ]);
  expect(plan(1000, asked, true)).toHaveLength(1);
  expect(plan(11_000, asked, false).slice(6)).toEqual([[0x0f], [0x05]]);
});

test("a value that is too old is the same as none; fast ones live for their cycle only", () => {
  const book = new ValueBook();
  book.put("speed_kmh", 50, uptimeMillis(1000));
  book.put("coolant_temp_c", 88, uptimeMillis(1000));
  book.put("vin", "1M8GDM9AXKP042788", uptimeMillis(1000));
  const seen = [900, 1001, 31_001].map((at) => {
    const page = book.asOf(uptimeMillis(at));
    return [page.number("speed_kmh"), page.number("coolant_temp_c"), page.text("vin")];
  });
  expect(seen).toEqual([
    [50, 88, "1M8GDM9AXKP042788"],
    [null, 88, "1M8GDM9AXKP042788"],
    [null, null, "1M8GDM9AXKP042788"],
  ]);
});

test.each([
  [
    "a severe code with the lamp",
    { milOn: false, dtcCodes: "" },
    { milOn: true, dtcCodes: "P0301" },
    "active major",
  ],
  ["the lamp alone", { milOn: false, dtcCodes: "" }, { milOn: true, dtcCodes: "P0420" }, "active minor"],
  [
    "from bad to worse",
    { milOn: true, dtcCodes: "P0420" },
    { milOn: true, dtcCodes: "P0420 P0524" },
    "active major",
  ],
  ["a lamp on at the first look", null, { milOn: true, dtcCodes: "" }, "active minor"],
  ["the lamp goes out", { milOn: true, dtcCodes: "P0301" }, { milOn: false, dtcCodes: "" }, "resolved major"],
])("%s is told once", (_name, previous, current, expected) => {
  const incident = obdEmergency(previous, current);
  expect(incident === null ? null : `${incident.status} ${incident.severity}`).toBe(expected);
  expect(obdEmergency(current, current)).toBeNull();
});

test("a severe code without the lamp, and anything unknown, is no emergency", () => {
  expect(obdEmergency(null, { milOn: false, dtcCodes: "P0301" })).toBeNull();
  expect(obdEmergency({ milOn: true, dtcCodes: "P0301" }, { milOn: null, dtcCodes: null })).toBeNull();
  expect(obdEmergency(null, { milOn: true, dtcCodes: null })).toBeNull();
});
