import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { z } from "zod";
import { canonicalRecord } from "../contract/canonical-record.ts";
import { headerLine } from "../contract/payload-header.ts";
import { STREAM_NAMES } from "../contract/streams.ts";
import { documentedConstants } from "./documented-constants.ts";
import { generatedFiles } from "./generated-files.ts";
import { HEADER_FIELDS } from "./header-fields.ts";
import { streamSchema } from "./json-schema.ts";

const DOCS = new URL("../../../docs/", import.meta.url);
const files = generatedFiles((path) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8"));

test.each(files)("docs/$path is current (write it again with: npx -y pnpm@12 docs)", ({ path, text }) => {
  expect(readFileSync(new URL(path, DOCS), "utf8")).toBe(text);
});

test("no schema is left of a stream that is gone", () => {
  expect(readdirSync(new URL("schemas/", DOCS)).toSorted()).toEqual(
    STREAM_NAMES.map((name) => `${name}.schema.json`).toSorted(),
  );
});

test("the header's fields on the page are those on the wire", () => {
  const line = headerLine({
    vehicleId: "car-1",
    bootId: "0190d5e4-7b1a-7abc-8def-0123456789ab",
    stream: "gps_data",
    firstSeq: 1,
    lastSeq: 1,
    count: 1,
    sentUptimeMs: 1,
    machineBoot: "m",
    encoding: "plain",
    agent: "0.1.0",
  });
  expect(Object.keys(HEADER_FIELDS)).toEqual(Object.keys(JSON.parse(line) as object));
});

test("each limit on the page has the comment of its own", () => {
  const text = "/** One. */\nexport const ONE = 1;\nexport const TWO = 2;\n";
  expect(documentedConstants(text, { ONE: 1 })).toEqual([{ name: "ONE", value: 1, doc: "One." }]);
  expect(() => documentedConstants(text, { ONE: 1, TWO: 2 })).toThrow("no comment says what TWO means");
});

const GOOD = {
  v: 1,
  vehicle_id: "car-1",
  boot_id: "0190d5e4-7b1a-7abc-8def-0123456789ab",
  seq: 7,
  captured_at: "2026-03-14T12:00:00.000Z",
  clock: "gnss",
  uptime_ms: 1000,
  machine_boot: "m",
  received_at: "2026-03-14T12:00:01.000Z",
  fix: "3d",
  latitude: 41.25,
  longitude: -95.93,
};

const BAD: readonly (readonly [string, unknown])[] = [
  ["seq", 3.7],
  ["seq", 0],
  ["seq", "7"],
  ["vehicle_id", "a/b"],
  ["boot_id", "0190d5e4-7b1a-4abc-8def-0123456789ab"],
  ["clock", "sundial"],
  ["latitude", 91],
  ["received_at", "2026-03-14 12:00:01"],
  ["fix", undefined],
];

test("the schema accepts and refuses what the contract does, column by column", () => {
  const schema = z.fromJSONSchema(streamSchema("gps_data"));
  expect(schema.safeParse(GOOD)).toMatchObject({ success: true });
  expect(canonicalRecord("gps_data", GOOD)).toMatchObject({ ok: true });
  for (const [column, value] of BAD) {
    const record = Object.fromEntries(
      Object.entries({ ...GOOD, [column]: value }).filter(([, given]) => given !== undefined),
    );
    expect({ column, value, ok: schema.safeParse(record).success }).toEqual({ column, value, ok: false });
    expect(canonicalRecord("gps_data", record)).toMatchObject({ ok: false });
  }
});
