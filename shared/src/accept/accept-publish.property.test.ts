import { logTopics } from "../contract/log-topics.ts";
import { buildPayload } from "../contract/payload.ts";
import { singleRecords } from "../event-log/log-block.ts";
import { unixMillis } from "../time/time.ts";
import { acceptor } from "./accept-publish.ts";
import type { Accepted } from "./accepted.ts";
import { nodeSha256 } from "../adapters/node-sha256.ts";
import { nodeZstd } from "../adapters/node-zstd.ts";
import fc from "fast-check";
import { expect, test } from "vitest";
import { gpsPayload, gpsRecord, headerOf, TOPIC, VEHICLE } from "../testing/uplink-payloads.ts";

const accept = acceptor({ topics: logTopics({}), sha256: nodeSha256, zstd: nodeZstd });
const taken = (payload: Uint8Array, topic = TOPIC): Accepted =>
  accept({ clientId: VEHICLE, topic, payload, receivedAt: unixMillis(Date.UTC(2026, 0, 1)) });

/** Lone surrogates and NULs among it. */
const anyText = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 600 })
  .map((units) => String.fromCharCode(...units));

const expectAppendable = (accepted: Accepted): void => {
  const records = singleRecords(accepted.entries);
  expect(records.length).toBeGreaterThan(0);
  expect(records.length).toBe(accepted.readings + accepted.rejections.length);
  for (const { key, value } of records) {
    expect(key).toBe(VEHICLE);
    expect(value).not.toContain("\n");
    expect(value.isWellFormed()).toBe(true);
    expect(JSON.parse(value)).toMatchObject({ v: 1, vehicle_id: VEHICLE });
  }
};

test("any bytes on any topic become records that can be appended", () => {
  const topics = fc.oneof(fc.constant(TOPIC), anyText);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), topics, (payload, topic) =>
      expectAppendable(taken(payload, topic)),
    ),
  );
});

test("a valid payload with any bytes overwritten becomes records that can be appended", () => {
  const at = fc.tuple(fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 8 }));
  fc.assert(
    fc.property(fc.boolean(), fc.array(at, { minLength: 1, maxLength: 5 }), (packed, changes) => {
      const payload = gpsPayload(1, 5, packed ? nodeZstd : null);
      for (const [place, patch] of changes) payload.set(patch.subarray(0, 1), place % payload.length);
      expectAppendable(taken(payload));
    }),
  );
});

test("every record of a payload is accounted for once, whatever its JSON", () => {
  const field = fc.constantFrom(
    "seq",
    "v",
    "fix",
    "speed_kmh",
    "captured_at",
    "boot_id",
    "machine_boot",
    "latitude",
    "__proto__",
  );
  const odd = fc.dictionary(field, fc.jsonValue(), { maxKeys: 3 });
  const record = fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, { weight: 2, arbitrary: odd });
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), (changes) => {
      const texts = changes.map((change, i) => JSON.stringify({ ...gpsRecord(i + 1), ...change }));
      const accepted = taken(buildPayload(headerOf(1, texts.length), texts, null));
      expectAppendable(accepted);
      expect(singleRecords(accepted.entries).length).toBe(texts.length);
      const untouched = changes.filter((change) => Object.keys(change).length === 0).length;
      // A record that was changed into another's number may win it; the other is then a duplicate with its own letter.
      expect(
        accepted.readings + accepted.rejections.filter((reason) => reason === "duplicate_in_payload").length,
      ).toBeGreaterThanOrEqual(untouched);
    }),
  );
});
