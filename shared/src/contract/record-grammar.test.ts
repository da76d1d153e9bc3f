import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { withHead } from "../event-log/log-block.ts";
import { canonicalColumns, canonicalRecord } from "./canonical-record.ts";
import type { Column } from "./column.ts";
import { countUsual, recordHead } from "./record-grammar.ts";
import { STREAM_NAMES, type StreamName } from "./streams.ts";

const AROUND = {
  vehicleId: "car-1",
  bootId: "0190d5e4-7b1a-7abc-8def-0123456789ab",
  machineBoot: "m 1",
  receivedAt: "2026-03-14T12:00:01.000Z",
  sentUptimeMs: 5000,
};

/** Numbers as text, right and wrong, of every spelling that JSON has and some that it has not. */
const numberText = fc.oneof(
  fc.constantFrom(
    "0",
    "-0",
    "-0.0",
    "1e3",
    "1E-7",
    "0.0000001",
    "1.50",
    "01",
    "1.",
    ".5",
    "-5",
    "361",
    "1e400",
    "NaN",
  ),
  fc.integer({ min: -400, max: 400 }).map(String),
  fc.double({ min: -200, max: 400, noNaN: true }).map((value) => String(Number(value.toFixed(7)))),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
);

const timeText = fc.oneof(
  fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }).map((date) => date.toISOString()),
  fc.constantFrom(
    "2026-02-29T00:00:00.000Z",
    "2024-02-29T00:00:00.000Z",
    "2026-04-31T00:00:00.000Z",
    "2026-03-14",
    "",
  ),
);

const valueText = (column: Column): fc.Arbitrary<string> => {
  const quoted = (text: fc.Arbitrary<string>): fc.Arbitrary<string> =>
    text.map((value) => JSON.stringify(value));
  switch (column.type) {
    case "int32":
    case "int64":
    case "float64":
      return numberText;
    case "boolean":
      return fc.constantFrom("true", "false", "1", "null");
    case "timestamp":
      return quoted(timeText);
    case "bytes":
      return quoted(fc.constant("AAAA"));
    case "string":
      if (column.values !== null) return quoted(fc.constantFrom(...column.values, "", "other"));
      if (column.pattern !== null)
        return quoted(
          fc.oneof(fc.stringMatching(new RegExp(`^${column.pattern}$`), { size: "small" }), fc.string()),
        );
      return quoted(fc.oneof(fc.string(), fc.string({ unit: "grapheme" })));
  }
};

/** Mostly what an agent sends; each field may be absent or wrong. */
const recordText = (stream: StreamName): fc.Arbitrary<string> => {
  const columns = canonicalColumns(stream).filter(
    ({ origin, name }) => origin === "record" && name !== "seq",
  );
  const fields = columns.map((column) =>
    fc
      .tuple(fc.boolean(), valueText(column))
      .map(([isThere, text]) =>
        isThere || !column.nullable ? `,${JSON.stringify(column.name)}:${text}` : "",
      ),
  );
  return fc
    .tuple(fc.integer({ min: 0, max: 9 }), fc.tuple(...fields))
    .map(([seq, texts]) => `{"seq":${seq}${texts.join("")}}`);
};

const theLongWay = (stream: StreamName, text: string): string | null => {
  let record: Record<string, unknown>;
  try {
    record = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null;
  }
  const outcome = canonicalRecord(stream, {
    ...record,
    vehicle_id: AROUND.vehicleId,
    boot_id: AROUND.bootId,
    machine_boot: AROUND.machineBoot,
    received_at: AROUND.receivedAt,
    sent_uptime_ms: AROUND.sentUptimeMs,
  });
  return outcome.ok ? outcome.line : null;
};

const RANGE = { firstSeq: 1, lastSeq: 9 };
const HEAD = recordHead(AROUND);

describe.each(STREAM_NAMES)("%s", (stream) => {
  test("what takes the short way becomes the line that the long way gives", () => {
    fc.assert(
      fc.property(recordText(stream), (text) => {
        if (countUsual(stream, text, RANGE) === null) return;
        expect(withHead(HEAD, text)).toEqual([theLongWay(stream, text)]);
      }),
      { numRuns: 2000 },
    );
  });
});

/** A record with all of its numbers in one spelling, as far as their columns' limits let them. */
const fullRecord = (stream: StreamName, number: string): string => {
  const value = ({ type, min, max, values }: Column): string | null => {
    if (type === "boolean") return "true";
    if (type === "timestamp") return `"2026-03-14T12:00:00.000Z"`;
    if (type === "string") return `"${values?.at(-1) ?? ""}"`;
    if (type === "bytes") return null;
    const isWithin = Number(number) >= (min ?? -Infinity) && Number(number) <= (max ?? Infinity);
    const isSpelled =
      type === "float64" || (!number.includes(".") && (type === "int64" || number.length < 10));
    return isWithin && isSpelled ? number : String(min ?? 1);
  };
  const fields = canonicalColumns(stream)
    .filter(({ origin, name, pattern }) => origin === "record" && name !== "seq" && pattern === null)
    .map((column) => [column.name, value(column)] as const);
  return `{"seq":7${fields.map(([name, text]) => (text === null ? "" : `,"${name}":${text}`)).join("")}}`;
};

describe.each(["1", "88", "1800", "12345678", "123456789012345", "0.5", "12.25"])(
  "numbers like %s",
  (number) => {
    test.each(STREAM_NAMES)(
      "in a record of %s that fails at its end are not tried in every way",
      (stream) => {
        const text = fullRecord(stream, number);
        const before = performance.now();
        expect(countUsual(stream, text.replace(/\}$/, `,"x":1}`), RANGE)).toBeNull();
        // A microsecond or ten; with two ways for each number, minutes.
        expect(performance.now() - before).toBeLessThan(1000);
      },
    );
    test.each(["gps_data", "vehicle_data"] as const)("are usual in a record of %s", (stream) => {
      expect(countUsual(stream, fullRecord(stream, number), RANGE)).toBe(1);
    });
  },
);

const GPS = `{"seq":7,"captured_at":"2026-03-14T12:00:00.000Z","clock":"gnss","clock_error_ms":25,"uptime_ms":1000,"fix_at":"2026-03-31T12:00:00.000Z","fix":"3d","latitude":41.2565123,"longitude":-95.93,"altitude_m":-3.1,"speed_kmh":88.25,"heading_deg":0.5,"satellites_used":9,"hdop":0.9}`;
const TUNNEL = GPS.replace(`"fix":"3d","latitude":41.2565123,"longitude":-95.93,`, `"fix":"none",`);
const EARLY = GPS.replace(`"captured_at":"2026-03-14T12:00:00.000Z","clock":"gnss"`, `"clock":"unsynced"`);
const usual = (text: string): number | null => countUsual("gps_data", text, RANGE);

test.each([
  ["an ordinary record", GPS],
  ["one without a position", TUNNEL],
  ["one without a time", EARLY],
  ["one with a fix, but no position yet", GPS.replace(`"latitude":41.2565123,"longitude":-95.93,`, "")],
  ["one with only what there must be", `{"seq":7,"clock":"unsynced","uptime_ms":1,"fix":"none"}`],
])("%s takes the short way", (_, text) => {
  expect(theLongWay("gps_data", text)).not.toBeNull();
  expect(usual(text)).toBe(1);
  expect(withHead(HEAD, text)).toEqual([theLongWay("gps_data", text)]);
});

test.each([
  ["a number of any sign", "altitude_m", "-3.1"],
  ["a number from 0", "speed_kmh", "88.25"],
  ["a number with limits", "longitude", "-95.93"],
  ["a whole number", "satellites_used", "9"],
])("%s is spelled as the long way spells it, or goes that way", (_, column, given) => {
  fc.assert(
    fc.property(numberText, (number) => {
      const text = GPS.replace(`"${column}":${given}`, `"${column}":${number}`);
      if (usual(text) === 1) expect(withHead(HEAD, text)).toEqual([theLongWay("gps_data", text)]);
    }),
    { numRuns: 500 },
  );
});

test.each([
  ["a position beyond the pole", GPS.replace("41.2565123", "91")],
  ["half a position", GPS.replace(`"latitude":41.2565123,`, "")],
  ["the other half", GPS.replace(`"longitude":-95.93,`, "")],
  ["a position without a fix", GPS.replace(`"3d"`, `"none"`)],
  ["no time under a clock", GPS.replace(`"captured_at":"2026-03-14T12:00:00.000Z",`, "")],
  ["a field twice", GPS.replace(`"hdop":0.9`, `"hdop":0.9,"hdop":0.8`)],
  ["a field that is not known", GPS.replace(`"hdop":0.9`, `"hdop":0.9,"x":1`)],
  ["a field of another stream", GPS.replace(`"hdop":0.9`, `"hdop":0.9,"rpm":900`)],
  ["a number out of the header's range", GPS.replace(`"seq":7`, `"seq":10`)],
  ["what follows a record on its line", `${GPS} `],
  ["what stands before it", ` ${GPS}`],
  ["an empty line at the end", `${GPS}\n`],
  ["nothing", ""],
])("%s does not", (_, text) => {
  expect(usual(text)).toBeNull();
});

test("records of one text are counted while their numbers ascend", () => {
  const numbered = (...seqs: readonly number[]): string =>
    seqs.map((seq) => GPS.replace(`"seq":7`, `"seq":${seq}`)).join("\n");
  expect(usual(numbered(1, 2, 3))).toBe(3);
  expect(usual(numbered(1, 5, 9))).toBe(3);
  expect(usual(numbered(1, 1))).toBeNull();
  expect(usual(numbered(2, 1))).toBeNull();
  expect(usual(numbered(8, 9, 10))).toBeNull();
  expect(usual(`${numbered(1)}\n\n${numbered(2)}`)).toBeNull();
  expect(usual(`${numbered(1)}\r\n${numbered(2)}`)).toBeNull();
});
