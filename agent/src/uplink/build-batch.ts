import {
  buildPayload,
  MAX_EXPANSION,
  MAX_PUBLISH_BYTES,
  MAX_RECORDS_PER_PUBLISH,
  uplinkTopic,
  type Clock,
  type Zstd,
} from "@roadstream/shared";
import type { BestClock } from "../clock/best-clock.ts";
import { correctRecord } from "../clock/correct-record.ts";
import type { HeldRun } from "../ports.ts";
import type { Batch, Lane } from "./batch.ts";

/** Half of what a receiver takes for a decompression bomb: parked cars repeat themselves. */
const SAFE_EXPANSION = MAX_EXPANSION / 2;

export interface BatchShape {
  readonly lane: Lane;
  /** The boot of the machine that measured the records. */
  readonly machineBoot: string;
  /** What the publish may hold at most, unless one record alone is longer. */
  readonly maxBytes: number;
}

export interface BatchContext {
  readonly vehicleId: string;
  readonly agentVersion: string;
  readonly clock: Clock;
  readonly bestClock: BestClock;
  readonly zstd: Zstd;
}

/**
 * A publish of the run's first records, as many as fit; one record always fits {@link MAX_PUBLISH_BYTES} (the encoder
 * saw to it). Records of this machine boot get their time if it has become known; those of another one say theirs.
 */
export const buildBatch = (held: HeldRun, shape: BatchShape, context: BatchContext): Batch => {
  const { clock, bestClock } = context;
  const { lane, machineBoot, maxBytes } = shape;
  const isThisBoot = machineBoot === clock.machineBoot;
  const own = JSON.stringify(machineBoot);
  const records = held.records
    .slice(0, MAX_RECORDS_PER_PUBLISH)
    .map((record) =>
      isThisBoot
        ? correctRecord(record, (uptime) => bestClock.at(uptime))
        : `${record.slice(0, -1)},"machine_boot":${own}}`,
    );
  for (let count = records.length; ; count = Math.ceil(count / 2)) {
    const lastSeq = held.firstSeq + count - 1;
    const payload = payloadOf(held, lastSeq, records.slice(0, count), context);
    if (payload.length > Math.min(maxBytes, MAX_PUBLISH_BYTES) && count > 1) continue;
    const run = { bootId: held.bootId, stream: held.stream, firstSeq: held.firstSeq, lastSeq };
    const topic = uplinkTopic(context.vehicleId, held.stream);
    return { lane, run, topic, payload, builtAt: clock.uptime() };
  }
};

const payloadOf = (
  held: HeldRun,
  lastSeq: number,
  records: readonly string[],
  context: BatchContext,
): Uint8Array => {
  const header = {
    vehicleId: context.vehicleId,
    bootId: held.bootId,
    stream: held.stream,
    firstSeq: held.firstSeq,
    lastSeq,
    sentUptimeMs: Math.trunc(context.clock.uptime()),
    machineBoot: context.clock.machineBoot,
    agent: context.agentVersion,
  };
  const packed = buildPayload(header, records, context.zstd);
  const plainLength = records.reduce((sum, record) => sum + record.length + 1, 0);
  // The header line is shorter than what it is granted here, so the guess errs to the safe side only for tiny bodies,
  // which do not matter: they are sent plain.
  const isSafe = plainLength <= SAFE_EXPANSION * (packed.length - headerLength(packed));
  return isSafe ? packed : buildPayload(header, records, null);
};

const headerLength = (payload: Uint8Array): number => payload.indexOf(0x0a) + 1;
