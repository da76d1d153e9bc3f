import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CANONICAL_GRAMMAR } from "./canonical-grammar.ts";
import { canonicalColumns, canonicalRecord, canonicalRecordFromText } from "./canonical-record.ts";
import type { Column } from "./column.ts";
import { STREAM_NAMES, type StreamName } from "./streams.ts";

const BOOT = "0190d5e4-7b1a-7abc-8def-0123456789ab";

const MOST = 999_999_999_999_999;

const number = (column: Column): fc.Arbitrary<number> => {
  const min = column.min ?? -1e9;
  const max = Math.min(column.max ?? 1e9, MOST);
  return column.type === "float64"
    ? fc.double({ min, max, noNaN: true })
    : fc.integer({ min: Math.ceil(min), max: Math.floor(max) });
};

const value = (column: Column): fc.Arbitrary<unknown> => {
  if (column.values !== null) return fc.constantFrom(...column.values);
  if (column.pattern !== null) return fc.stringMatching(new RegExp(`^${column.pattern}$`), { size: "small" });
  switch (column.type) {
    case "string":
      return fc.string({ unit: "grapheme", maxLength: Math.min(40, column.maxLength / 8) });
    case "boolean":
      return fc.boolean();
    case "timestamp":
      return fc
        .date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true })
        .map((date) => date.toISOString());
    case "bytes":
      return fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString("base64"));
    case "int32":
    case "int64":
    case "float64":
      return number(column);
  }
};

/** Records that a stream accepts, in any column order, with unknown fields mixed in. */
const goodRecord = (stream: StreamName): fc.Arbitrary<Record<string, unknown>> => {
  const columns = canonicalColumns(stream);
  const all = Object.fromEntries(columns.map((column) => [column.name, value(column)]));
  const needed = columns.filter((column) => !column.nullable).map((column) => column.name);
  return fc.record(all, { requiredKeys: needed }).map((record) => {
    const fixed: Record<string, unknown> = {
      ...record,
      captured_at: record["captured_at"] ?? "2026-01-01T00:00:00.000Z",
    };
    if (fixed["fix"] === "none" || fixed["latitude"] === undefined || fixed["longitude"] === undefined) {
      delete fixed["latitude"];
      delete fixed["longitude"];
    }
    return fixed;
  });
};

/** The same record as sensors give it: plain text, and numbers of some six decimals. */
const usual = (record: Record<string, unknown>): Record<string, unknown> => {
  const plain = (given: unknown): unknown => {
    if (typeof given === "number" && !Number.isInteger(given)) return Math.trunc((given % 1e9) * 1e6) / 1e6;
    if (typeof given === "string" && !/^[ !#-[\]-~]*$/.test(given)) return "x";
    return given;
  };
  return Object.fromEntries(Object.entries(record).map(([name, given]) => [name, plain(given)]));
};

describe.each(STREAM_NAMES)("%s", (stream) => {
  const { head, record } = CANONICAL_GRAMMAR[stream];
  /** Vehicle and boot of a line in the grammar's spelling. */
  const read = (line: string): readonly string[] | null => {
    const match = head.exec(line);
    if (match === null) return null;
    record.lastIndex = match[0].length;
    return record.test(line) ? match.slice(1) : null;
  };

  test("a canonical line is a fixed point, and says what the record said", () => {
    fc.assert(
      fc.property(goodRecord(stream), (record) => {
        const first = canonicalRecord(stream, record);
        expect(first).toMatchObject({ ok: true });
        if (!first.ok) return;
        expect(canonicalRecordFromText(stream, first.line)).toEqual({ ...first, unknownFields: 0 });
        const back = JSON.parse(first.line) as Record<string, unknown>;
        for (const column of canonicalColumns(stream))
          expect(back[column.name] ?? null).toEqual(
            record[column.name] === undefined
              ? null
              : Object.is(record[column.name], -0)
                ? 0
                : record[column.name],
          );
      }),
    );
  });

  test("what the grammar accepts the validator accepts unchanged, limits and rules aside", () => {
    const limits = new Set([
      "out_of_range",
      "half_position",
      "position_without_fix",
      "time_without_clock",
      "bad_time",
      "too_long",
    ]);
    fc.assert(
      fc.property(
        goodRecord(stream),
        fc.nat(),
        fc.string({ maxLength: 3 }),
        fc.nat(4),
        (record, at, insert, cut) => {
          const good = canonicalRecord(stream, record);
          if (!good.ok) return;
          const place = at % good.line.length;
          const line = good.line.slice(0, place) + insert + good.line.slice(place + cut);
          const match = read(line);
          if (match === null) return;
          const judged = canonicalRecordFromText(stream, line);
          if (!judged.ok) expect(limits).toContain(judged.rejection.reason);
          const fields = JSON.parse(line) as Record<string, unknown>;
          expect(match).toEqual([fields["vehicle_id"], fields["boot_id"]]);
        },
      ),
      { numRuns: 500 },
    );
  });

  test("the usual record takes the fast lane", () => {
    fc.assert(
      fc.property(goodRecord(stream), (record) => {
        const good = canonicalRecord(stream, usual(record));
        expect(good).toMatchObject({ ok: true });
        if (good.ok) expect(read(good.line)).not.toBeNull();
      }),
    );
  });
});

const base = {
  vehicle_id: "car-1",
  boot_id: BOOT,
  seq: 1,
  captured_at: "2026-03-01T12:00:00.000Z",
  clock: "gnss",
  uptime_ms: 5,
  machine_boot: "m",
  received_at: "2026-03-01T12:00:01.000Z",
  fix: "3d",
};

const refused: readonly (readonly [string, Record<string, unknown>, string])[] = [
  ["a fraction as a sequence number", { seq: 3.7 }, "wrong_type"],
  ["a text as a sequence number", { seq: "2" }, "wrong_type"],
  ["sequence number zero", { seq: 0 }, "out_of_range"],
  ["a sequence number beyond 2^53", { seq: 2 ** 53 }, "out_of_range"],
  ["a number that overflowed", { speed_kmh: Number.POSITIVE_INFINITY }, "not_finite"],
  ["NaN as text", { speed_kmh: "NaN" }, "wrong_type"],
  ["a negative speed", { speed_kmh: -1 }, "out_of_range"],
  ["half a position", { latitude: 1 }, "half_position"],
  ["a position without a fix", { latitude: 1, longitude: 2, fix: "none" }, "position_without_fix"],
  ["a latitude beyond the pole", { latitude: 90.1, longitude: 2 }, "out_of_range"],
  ["no time from a known clock", { captured_at: null }, "time_without_clock"],
  ["the 30th of February", { captured_at: "2026-02-30T00:00:00.000Z" }, "bad_time"],
  ["a time without zone", { captured_at: "2026-02-03T00:00:00.000" }, "bad_time"],
  ["an unknown word", { fix: "5d" }, "not_allowed"],
  ["a word of Object.prototype", { fix: "constructor" }, "not_allowed"],
  ["a path as a vehicle", { vehicle_id: "../etc" }, "bad_string"],
  ["a boot id that is no UUIDv7", { boot_id: "0190d5e4-7b1a-4abc-8def-0123456789ab" }, "bad_string"],
  ["a lone surrogate", { vehicle_type: "\uD800" }, "bad_string"],
  ["a NUL", { vehicle_type: "a\0b" }, "bad_string"],
  ["a long text", { vehicle_type: "x".repeat(65) }, "too_long"],
  ["an array", { fix: ["3d"] }, "wrong_type"],
  ["a missing boot", { boot_id: undefined }, "missing_field"],
];

test.each(refused)("refuses %s by name", (_name, change, reason) => {
  expect(canonicalRecord("gps_data", { ...base, ...change })).toMatchObject({
    ok: false,
    rejection: { reason },
  });
});

test("refuses text that is not a record of this version", () => {
  const reasons = ["", "nul", "[1]", "null", '"a"', "{}", '{"v":2}', '{"v":"1"}'].map((text) => {
    const outcome = canonicalRecordFromText("gps_data", text);
    return outcome.ok ? "accepted" : outcome.rejection.reason;
  });
  expect(reasons).toEqual([
    "not_json",
    "not_json",
    "not_object",
    "not_object",
    "not_object",
    "unknown_version",
    "unknown_version",
    "unknown_version",
  ]);
});

test("__proto__ in a record is an unknown field, never a prototype", () => {
  const line = JSON.stringify({ v: 1, ...base }).replace("{", '{"__proto__":{"latitude":5,"longitude":5},');
  const outcome = canonicalRecordFromText("gps_data", line);
  expect(outcome).toMatchObject({ ok: true, unknownFields: 1 });
  expect(outcome.ok && outcome.line).not.toContain("latitude");
});
