import { MAX_PUBLISH_BYTES } from "../contract/limits.ts";
import { logTopics } from "../contract/log-topics.ts";
import { headerLine } from "../contract/payload-header.ts";
import { buildPayload, type Zstd } from "../contract/payload.ts";
import { singleRecords } from "../event-log/log-block.ts";
import { SliceBuilder } from "../event-log/slice-builder.ts";
import { decodeSegment, encodeSegment, type Unpack } from "../event-log/sqlite-segment.ts";
import { unixMillis } from "../time/time.ts";
import { acceptor } from "./accept-publish.ts";
import type { Accepted } from "./accepted.ts";
import { nodeSha256 } from "../adapters/node-sha256.ts";
import { nodeZstd } from "../adapters/node-zstd.ts";
import { expect, test } from "vitest";
import {
  BOOT,
  gpsPayload,
  gpsRecord,
  headerOf,
  lines,
  MACHINE_BOOT,
  OTHER_BOOT,
  TOPIC,
  VEHICLE,
} from "../testing/uplink-payloads.ts";

const NOW = unixMillis(Date.UTC(2026, 0, 1, 0, 0, 1, 250));
const accept = acceptor({ topics: logTopics({}), sha256: nodeSha256, zstd: nodeZstd });
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const taken = (payload: Uint8Array | string, topic = TOPIC): Accepted =>
  accept({
    clientId: VEHICLE,
    topic,
    payload: typeof payload === "string" ? bytes(payload) : payload,
    receivedAt: NOW,
  });

const values = (accepted: Accepted): Record<string, unknown>[] =>
  singleRecords(accepted.entries).map((entry) => JSON.parse(entry.value) as Record<string, unknown>);
const letters = (accepted: Accepted): Record<string, unknown>[] =>
  values(accepted).filter((value) => "dead_letter_id" in value);
const readings = (accepted: Accepted): Record<string, unknown>[] =>
  values(accepted).filter((value) => !("dead_letter_id" in value));

/** What a log that keeps packed texts gives back of it. */
const keptOf = ({ entries }: Accepted): readonly string[] => {
  const row = { ...encodeSegment(entries), base: 0, appendedAt: NOW };
  const slice = new SliceBuilder({ topic: "t", partition: 0 });
  const unpack: Unpack = (frame) => nodeZstd.decompress(frame, MAX_PUBLISH_BYTES) as Uint8Array;
  expect(decodeSegment(row, 0, Number.MAX_SAFE_INTEGER, slice, unpack)).toBe(true);
  return slice.build().values;
};

/** One record in a payload of its own; the fields given replace those of a valid one. */
const single = (more: Readonly<Record<string, unknown>>): Accepted =>
  taken(buildPayload(headerOf(1, 1), lines([gpsRecord(1, more)]), null));
const raw = (...records: readonly string[]): Accepted =>
  taken(buildPayload(headerOf(1, records.length), records, null));

test.each([[null], [nodeZstd as Zstd | null]])(
  "a payload becomes one canonical line per record, keyed by vehicle",
  (zstd) => {
    const accepted = taken(gpsPayload(1, 20, zstd));
    expect(accepted.readings).toBe(20);
    expect(accepted.rejections).toEqual([]);
    expect(new Set(accepted.entries.map((entry) => `${entry.topic} ${entry.key}`))).toEqual(
      new Set([`gps_data ${VEHICLE}`]),
    );
    expect(accepted.entries).toHaveLength(1);
    expect(singleRecords(accepted.entries)[2]?.value).toBe(
      `{"v":1,"vehicle_id":"${VEHICLE}","boot_id":"${BOOT}","machine_boot":"${MACHINE_BOOT}",` +
        `"received_at":"2026-01-01T00:00:01.250Z","sent_uptime_ms":9000,"seq":3,"captured_at":"2026-01-01T00:00:00.000Z",` +
        `"clock":"gnss","uptime_ms":5003,"fix":"3d","latitude":41.2565,"longitude":-95.9345,"speed_kmh":88.5}`,
    );
  },
);

test.each(["\uFEFF", "\n", "\r\n", ""])(
  "a body that begins with %j is kept as what was judged of it",
  (start) => {
    const plain = bytes(start + lines([gpsRecord(1), gpsRecord(2)]).join("\n"));
    const header = headerLine({ ...headerOf(1, 2), count: 2, encoding: "zstd" });
    const accepted = taken(Buffer.concat([bytes(`${header}\n`), nodeZstd.compress(plain)]));
    expect(accepted).toMatchObject({ readings: 2, rejections: [] });
    expect(keptOf(accepted)).toEqual(singleRecords(accepted.entries).map(({ value }) => value));
    expect(readings(accepted)).toMatchObject([{ seq: 1 }, { seq: 2 }]);
  },
);

test.each(["a$$b", "$&", "$'", "$`", "$1", "$<x>", "Boot für 車", 'a"b\\c'])(
  "a machine boot of %j is itself in every record",
  (machineBoot) => {
    const payload = buildPayload(
      headerOf(1, 3, { machineBoot }),
      lines([1, 2, 3].map((seq) => gpsRecord(seq))),
      nodeZstd,
    );
    const accepted = taken(payload);
    expect(readings(accepted)).toMatchObject([1, 2, 3].map((seq) => ({ seq, machine_boot: machineBoot })));
    const kept = keptOf(accepted).map((value) => Buffer.from(value, "latin1").toString());
    expect(kept).toEqual(singleRecords(accepted.entries).map(({ value }) => value));
  },
);

test("a frame that others could read otherwise is not kept, its text is", () => {
  const payload = gpsPayload(1, 3, nodeZstd);
  const twice = Buffer.concat([payload, nodeZstd.compress(bytes("more"))]);
  const [one, two] = [taken(payload), taken(twice)].map(({ entries }) => entries[0]);
  expect(one !== undefined && "packed" in one && one.packed).not.toBeNull();
  if (two !== undefined && "packed" in two) expect(two.packed).toBeNull();
});

test("a bare record by hand is accepted when it says everything itself", () => {
  const record = gpsRecord(7, { boot_id: BOOT, machine_boot: "m", stream: "gps_data" });
  expect(readings(taken(JSON.stringify(record)))).toMatchObject([
    { vehicle_id: VEHICLE, seq: 7, machine_boot: "m" },
  ]);
  const two = lines([record, { ...record, seq: 8, boot_id: OTHER_BOOT }]).join("\r\n");
  expect(taken(two).readings).toBe(2);
  expect(taken(JSON.stringify(gpsRecord(7))).rejections).toEqual(["missing_field"]);
});

test("what a client says in the gateway's name is overwritten", () => {
  const accepted = single({
    received_at: "1999-01-01T00:00:00.000Z",
    sent_uptime_ms: 1,
    vehicle_id: VEHICLE,
    v: 1,
  });
  expect(readings(accepted)).toMatchObject([
    { received_at: "2026-01-01T00:00:01.250Z", sent_uptime_ms: 9000, v: 1 },
  ]);
  const bare = gpsRecord(7, {
    boot_id: BOOT,
    machine_boot: "m",
    sent_uptime_ms: 1,
    headers: { replay: "1" },
  });
  const [line] = readings(taken(JSON.stringify(bare)));
  expect(line).not.toHaveProperty("sent_uptime_ms");
  expect(singleRecords(taken(JSON.stringify(bare)).entries)[0]?.headers).toBeUndefined();
});

test("sent_uptime_ms is kept only with a reading of the same machine boot", () => {
  const [line] = readings(single({ machine_boot: "the boot before" }));
  expect(line).toMatchObject({ machine_boot: "the boot before" });
  expect(line).not.toHaveProperty("sent_uptime_ms");
});

test("unknown fields are ignored and counted, __proto__ and inherited names among them", () => {
  const accepted = raw(
    `{"__proto__":{"fix":"none"},"constructor":1,"toString":2,${JSON.stringify(gpsRecord(1)).slice(1)}`,
  );
  expect(accepted).toMatchObject({ readings: 1, unknownFields: 3 });
  expect(raw(`{"__proto__":${JSON.stringify(gpsRecord(1))}}`).rejections).toEqual(["missing_field"]);
});

test.each<[string, string, Accepted]>([
  ["3.7 as seq", "wrong_type", single({ seq: 3.7 })],
  ["text as a number", "wrong_type", single({ seq: "1" })],
  ["text as a speed", "wrong_type", single({ speed_kmh: "2" })],
  ["seq 0", "out_of_range", single({ seq: 0 })],
  ["seq beyond 2^53", "out_of_range", single({ seq: 2 ** 53 })],
  ["no seq", "missing_field", single({ seq: null })],
  ["NaN", "not_json", raw(`{"seq":1,"uptime_ms":NaN}`)],
  ["1e400", "not_finite", raw(JSON.stringify(gpsRecord(1)).replace("88.5", "1e400"))],
  ["an array", "not_object", raw("[1]")],
  ["null", "not_object", raw("null")],
  ["a truncated record", "not_json", raw(`{"seq":1,`)],
  [
    "a lone surrogate",
    "bad_string",
    raw(JSON.stringify(gpsRecord(1)).replace("{", `{"vehicle_type":"\\ud800",`)),
  ],
  ["NUL", "bad_string", single({ vehicle_type: "a\0b" })],
  ["30 February", "bad_time", single({ captured_at: "2026-02-30T00:00:00.000Z" })],
  ["half a position", "half_position", single({ longitude: null })],
  ["a position without a fix", "position_without_fix", single({ fix: "none" })],
  ["an unknown fix", "not_allowed", single({ fix: "4d" })],
  ["another vehicle's record", "wrong_vehicle", single({ vehicle_id: "car-2" })],
  ["another stream's record", "wrong_stream", single({ stream: "vehicle_data" })],
  ["another version's record", "unknown_version", single({ v: 2 })],
  [
    "an object that cannot become text as version",
    "unknown_version",
    single({ v: { toString: 1, valueOf: 1 } }),
  ],
  ["another boot's record", "seq_outside_header", single({ boot_id: OTHER_BOOT })],
  ["a path as boot_id", "seq_outside_header", single({ boot_id: "../../etc" })],
  ["a seq outside the header", "seq_outside_header", single({ seq: 2 })],
])("%s is one dead letter: %s", (_what, reason, accepted) => {
  expect(accepted.readings).toBe(0);
  expect(accepted.rejections).toEqual([reason]);
  expect(letters(accepted)).toMatchObject([
    { reason, vehicle_id: VEHICLE, stream: "gps_data", topic: TOPIC },
  ]);
});

const withHeader = (change: (header: Record<string, unknown>) => void): string => {
  const [first = "", ...rest] = new TextDecoder().decode(gpsPayload(4, 6)).split("\n");
  const header = JSON.parse(first) as Record<string, unknown>;
  change(header);
  return [JSON.stringify(header), ...rest].join("\n");
};

test.each<[string, string, Accepted]>([
  ["an object as version", "unknown_version", taken(withHeader((h) => (h["roadstream"] = { toString: 1 })))],
  ["an unknown version", "unknown_version", taken(withHeader((h) => (h["roadstream"] = 2)))],
  [
    "an unknown stream in the header",
    "unknown_stream",
    taken(withHeader((h) => (h["stream"] = "radio_data"))),
  ],
  ["the wrong vehicle", "wrong_vehicle", taken(withHeader((h) => (h["vehicle_id"] = "car-2")))],
  ["a path as vehicle", "bad_header", taken(withHeader((h) => (h["vehicle_id"] = "../car")))],
  ["the wrong stream", "wrong_stream", taken(withHeader((h) => (h["stream"] = "vehicle_data")))],
  ["a wrong count", "count_mismatch", taken(withHeader((h) => (h["count"] = 2)))],
  ["an unknown encoding", "bad_header", taken(withHeader((h) => (h["encoding"] = "gzip")))],
  ["a body that is no zstd", "bad_compression", taken(withHeader((h) => (h["encoding"] = "zstd")))],
  [
    "an unknown stream in the topic",
    "unknown_stream",
    taken(gpsPayload(4, 6), `dt/roadstream/v1/${VEHICLE}/radio_data`),
  ],
  [
    "an inherited name as stream",
    "unknown_stream",
    taken(gpsPayload(4, 6), `dt/roadstream/v1/${VEHICLE}/constructor`),
  ],
  ["another vehicle's topic", "wrong_vehicle", taken(gpsPayload(4, 6), "dt/roadstream/v1/car-2/gps_data")],
  ["a topic of nobody", "bad_topic", taken(gpsPayload(4, 6), "dt/roadstream/v2/car-1/gps_data")],
  ["path characters in the topic", "bad_topic", taken(gpsPayload(4, 6), "dt/roadstream/v1/../gps_data")],
])("a payload with %s is one dead letter over its range: %s", (_what, reason, accepted) => {
  expect(accepted.readings).toBe(0);
  expect(letters(accepted)).toMatchObject([
    { reason, vehicle_id: VEHICLE, boot_id: BOOT, seq_from: 4, seq_to: 6 },
  ]);
});

test("oversize, bombs, bad UTF-8 and empty payloads are refused by name", () => {
  const large = buildPayload(headerOf(1, 1), ["x".repeat(MAX_PUBLISH_BYTES)], null);
  expect(letters(taken(large))).toMatchObject([{ reason: "oversize", seq_from: 1, seq_to: 1 }]);
  const bomb = buildPayload(headerOf(1, 1), [`"${"0".repeat(3_000_000)}"`], nodeZstd);
  expect(bomb.length).toBeLessThan(MAX_PUBLISH_BYTES);
  expect(taken(bomb).rejections).toEqual(["decompression_bomb"]);
  expect(taken(new Uint8Array([0xff, 0xfe, 0x0a, 0x80])).rejections).toEqual(["not_utf8"]);
  expect(taken("").rejections).toEqual(["count_mismatch"]);
  expect(
    taken(
      buildPayload(
        headerOf(1, 1),
        Array.from({ length: 10_001 }, () => "{}"),
        nodeZstd,
      ),
    ).rejections,
  ).toEqual(["count_mismatch"]);
});

test("a bad record never stops a good one, and its letter has its own range and bytes", () => {
  const texts = lines([
    gpsRecord(1),
    gpsRecord(2, { speed_kmh: -1 }),
    gpsRecord(3),
    gpsRecord(3),
    gpsRecord(4),
  ]);
  const accepted = taken(buildPayload(headerOf(1, 5), texts, nodeZstd));
  expect(readings(accepted).map((value) => value["seq"])).toEqual([1, 3, 4]);
  expect(letters(accepted)).toMatchObject([
    {
      reason: "out_of_range",
      seq_from: 2,
      seq_to: 2,
      payload: Buffer.from(texts[1] ?? "").toString("base64"),
    },
    { reason: "duplicate_in_payload", seq_from: 3, seq_to: 3 },
  ]);
});

test("a record whose seq cannot be read is placed by its position when the range has no holes", () => {
  const texts = ["{bad", ...lines([gpsRecord(5), gpsRecord(6, { seq: 6.5 })]), "null"];
  const ranges = (last: number): unknown[] =>
    letters(taken(buildPayload(headerOf(4, last), texts, null))).map((letter) => letter["seq_from"]);
  expect(ranges(7)).toEqual([4, 6, 7]);
  expect(ranges(9)).toEqual([null, null, null]);
});

test("the same bytes refused again get the same id; others another", () => {
  const id = (text: string): unknown => letters(taken(text))[0]?.["dead_letter_id"];
  expect(id("{bad")).toMatch(/^[0-9a-f]{32}$/);
  expect(id("{bad")).toBe(id("{bad"));
  expect(id("{bad")).not.toBe(id("{worse"));
});

const JPEG = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3]);
const picture = (snapshot: Buffer, size: number): Accepted => {
  const { fix: _fix, speed_kmh: _speed, ...common } = gpsRecord(1);
  const record = {
    ...common,
    camera_id: "front",
    trigger: "interval",
    media_type: "image/jpeg",
    size_bytes: size,
    snapshot: snapshot.toString("base64"),
  };
  return taken(
    buildPayload(headerOf(1, 1, { stream: "traffic_data" }), lines([record]), null),
    `dt/roadstream/v1/${VEHICLE}/traffic_data`,
  );
};

test("a picture must be a JPEG of the size it says", () => {
  expect(picture(JPEG, 7).readings).toBe(1);
  expect(picture(JPEG.subarray(0, 6), 6).readings).toBe(1);
  expect(picture(JPEG, 8).rejections).toEqual(["bad_picture"]);
  expect(picture(Buffer.from("<html>x"), 7).rejections).toEqual(["bad_picture"]);
});
