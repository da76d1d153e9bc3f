import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalColumns, canonicalRecord } from "./canonical-record.ts";
import type { Column } from "./column.ts";
import { SPLICERS } from "./record-grammar.ts";
import { STREAM_NAMES, type StreamName } from "./streams.ts";

const AROUND = {
  vehicleId: "car-1",
  bootId: "0190d5e4-7b1a-7abc-8def-0123456789ab",
  machineBoot: 'm"1',
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

describe.each(STREAM_NAMES)("%s", (stream) => {
  const splice = SPLICERS[stream](AROUND);

  test("what takes the short way becomes the line that the long way gives", () => {
    fc.assert(
      fc.property(recordText(stream), (text) => {
        const spliced = splice(text);
        if (spliced !== null) expect(spliced.line).toBe(theLongWay(stream, text));
      }),
      { numRuns: 2000 },
    );
  });
});

const GPS = `{"seq":7,"captured_at":"2026-03-14T12:00:00.000Z","clock":"gnss","clock_error_ms":25,"uptime_ms":1000,"fix_at":"2026-03-31T12:00:00.000Z","fix":"3d","latitude":41.2565123,"longitude":-95.93,"altitude_m":-3.1,"speed_kmh":88.25,"heading_deg":0.5,"satellites_used":9,"hdop":0.9}`;

test("an ordinary record takes the short way", () => {
  const line = theLongWay("gps_data", GPS);
  expect(line).not.toBeNull();
  expect(SPLICERS.gps_data(AROUND)(GPS)).toEqual({ seq: 7, line });
});

test.each([
  ["a number of any sign", "altitude_m", "-3.1"],
  ["a number from 0", "speed_kmh", "88.25"],
  ["a number with limits", "longitude", "-95.93"],
  ["a whole number", "satellites_used", "9"],
])("%s is spelled as the long way spells it, or goes that way", (_, column, usual) => {
  fc.assert(
    fc.property(numberText, (number) => {
      const text = GPS.replace(`"${column}":${usual}`, `"${column}":${number}`);
      const spliced = SPLICERS.gps_data(AROUND)(text);
      if (spliced !== null) expect(spliced.line).toBe(theLongWay("gps_data", text));
    }),
    { numRuns: 500 },
  );
});

test.each([
  ["a position beyond the pole", GPS.replace("41.2565123", "91")],
  ["half a position", GPS.replace(`"latitude":41.2565123,`, "")],
  ["a position without a fix", GPS.replace(`"3d"`, `"none"`)],
  ["no time under a clock", GPS.replace(`"captured_at":"2026-03-14T12:00:00.000Z",`, "")],
  ["a field twice", GPS.replace(`"hdop":0.9`, `"hdop":0.9,"hdop":0.8`)],
  ["a field that is not known", GPS.replace(`"hdop":0.9`, `"hdop":0.9,"x":1`)],
])("%s does not", (_, text) => {
  expect(SPLICERS.gps_data(AROUND)(text)).toBeNull();
});
