import {
  MAX_EXPANSION,
  MAX_PICTURE_BYTES,
  MAX_PUBLISH_BYTES,
  splitPayload,
  unixMillis,
  type PayloadHeader,
} from "@roadstream/shared";
import { nodeZstd } from "@roadstream/shared/adapters";
import { VirtualClock } from "@roadstream/shared/testing";
import { expect, test } from "vitest";
import { BestClock } from "../clock/best-clock.ts";
import type { EncodedReading } from "../ports.ts";
import { encoded, gpsSample, numbered, pictureSample } from "../testing/sample-readings.ts";
import type { Batch } from "./batch.ts";
import { buildBatch } from "./build-batch.ts";

const clock = new VirtualClock({ uptime: 60_000 });

const build = (
  readings: readonly EncodedReading[],
  over: { machineBoot?: string; maxBytes?: number; bestClock?: BestClock } = {},
): Batch => {
  const none = new BestClock({ clock, machineTime: () => null, tripTime: null });
  const { machineBoot = clock.machineBoot, maxBytes = MAX_PUBLISH_BYTES, bestClock = none } = over;
  const records = readings.map(({ tail }, index) => `{"seq":${index + 1},${tail}`);
  const [{ stream } = { stream: "gps_data" as const }] = readings;
  const held = { bootId: "b", stream, firstSeq: 1, lastSeq: records.length, records };
  const context = { vehicleId: "car-1", agentVersion: "1", clock, bestClock, zstd: nodeZstd };
  return buildBatch(held, { lane: "live", machineBoot, maxBytes }, context);
};

const opened = ({ payload }: Batch): { header: PayloadHeader; lines: Record<string, unknown>[] } => {
  // The boot's id here is short for the contract: read the header as JSON.
  const newline = payload.indexOf(0x0a);
  const header = JSON.parse(new TextDecoder().decode(payload.subarray(0, newline))) as Record<
    string,
    unknown
  >;
  const body = payload.subarray(newline + 1);
  const plain = header["encoding"] === "zstd" ? nodeZstd.decompress(body, 1e8) : body;
  if (!(plain instanceof Uint8Array)) throw new Error("not readable");
  const lines = new TextDecoder().decode(plain).split("\n");
  return {
    header: { ...header, count: Number(header["count"]) } as unknown as PayloadHeader,
    lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>),
  };
};

test("as many records as fit the limit, and the run says how many", () => {
  const readings = Array.from({ length: 4000 }, (_, n) =>
    encoded(
      gpsSample(
        {},
        { latitude: Math.sin(n) * 80, longitude: Math.cos(n * 7) * 170, altitude_m: Math.sin(n * 3) },
      ),
    ),
  );
  const batch = build(readings);
  expect(batch.payload.length).toBeLessThanOrEqual(MAX_PUBLISH_BYTES);
  expect(batch.run.lastSeq).toBeLessThan(4000);
  expect(opened(batch).lines).toHaveLength(batch.run.lastSeq);
  const small = build(readings, { maxBytes: 8192 });
  expect(small.payload.length).toBeLessThanOrEqual(8192);
  expect(small.run.lastSeq).toBeGreaterThan(10);
});

test("the largest picture is one publish within the limit, whatever the batch's own limit", () => {
  const batch = build([encoded(pictureSample(MAX_PICTURE_BYTES))], { maxBytes: 1000 });
  expect(batch.run).toMatchObject({ firstSeq: 1, lastSeq: 1 });
  expect(batch.payload.length).toBeLessThanOrEqual(MAX_PUBLISH_BYTES);
});

test("records that repeat themselves are never packed so tightly that they look like a bomb", () => {
  const batch = build(Array.from({ length: 2000 }, () => numbered(1)));
  const newline = batch.payload.indexOf(0x0a);
  const { lines } = opened(batch);
  const plain = lines.reduce((sum, line) => sum + JSON.stringify(line).length + 1, 0);
  expect(plain / (batch.payload.length - newline)).toBeLessThan(MAX_EXPANSION);
  expect(splitPayload(batch.payload).kind).toBe("refused");
});

test("records of another boot of the machine say so themselves, and keep their clock", () => {
  const bestClock = new BestClock({
    clock,
    machineTime: () => ({ at: unixMillis(1e12), source: "ntp" }),
    tripTime: null,
  });
  const foreign = opened(build([numbered(1)], { machineBoot: "earlier-boot", bestClock })).lines[0];
  expect(foreign).toMatchObject({ machine_boot: "earlier-boot", clock: "unsynced" });
  const own = opened(build([numbered(1)], { bestClock })).lines[0];
  expect(own).toMatchObject({ clock: "ntp", captured_at: new Date(1e12 - 55_000).toISOString() });
  expect(own).not.toHaveProperty("machine_boot");
});
