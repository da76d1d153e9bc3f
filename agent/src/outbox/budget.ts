import { days, type DurationMs, type StreamName } from "@roadstream/shared";

/** What the outbox may hold, in characters of record text, each segment counted with {@link SEGMENT_OVERHEAD}. */
export interface OutboxBudget {
  /** Everything. */
  readonly totalBytes: number;
  /** Of that, pictures; they are also the first to go when everything is too much. */
  readonly pictureBytes: number;
  /** Of that, kept free for what the car must still be able to say when it is full: agent events and emergencies. */
  readonly reservedBytes: number;
  readonly maxAge: DurationMs;
}

export const DEFAULT_BUDGET: OutboxBudget = {
  totalBytes: 2 * 1024 ** 3,
  pictureBytes: 768 * 1024 ** 2,
  reservedBytes: 64 * 1024 ** 2,
  maxAge: days(14),
};

/** Row header, keys and index entries of one stored segment. */
export const SEGMENT_OVERHEAD = 128;

/** Once over a budget, this share of it is freed at once: one declared gap then covers many later readings. */
const FREED_SHARE = 0.01;

export const RESERVED_STREAMS: readonly StreamName[] = ["agent_events", "emergency_data"];
export const PICTURE_STREAMS: readonly StreamName[] = ["traffic_data"];
export const READING_STREAMS: readonly StreamName[] = ["gps_data", "vehicle_data", "weather_data"];

export interface Excess {
  readonly streams: readonly StreamName[];
  /** How much of them must go. */
  readonly bytes: number;
  readonly reason: "picture_budget" | "outbox_full" | "reserve_full";
}

const sum = (sizes: ReadonlyMap<StreamName, number>, streams: readonly StreamName[]): number =>
  streams.reduce((total, stream) => total + (sizes.get(stream) ?? 0), 0);

/** What is over budget, the first to go first; null when all is well. */
export const excess = (sizes: ReadonlyMap<StreamName, number>, budget: OutboxBudget): Excess | null => {
  const pictures = sum(sizes, PICTURE_STREAMS);
  const readings = sum(sizes, READING_STREAMS);
  const reserved = sum(sizes, RESERVED_STREAMS);
  const over = (used: number, limit: number): number =>
    used > limit ? used - Math.floor(limit * (1 - FREED_SHARE)) : 0;
  const pictureExcess = over(pictures, budget.pictureBytes);
  if (pictureExcess > 0) return { streams: PICTURE_STREAMS, bytes: pictureExcess, reason: "picture_budget" };
  const open = budget.totalBytes - budget.reservedBytes;
  const openExcess = over(pictures + readings, open);
  if (openExcess > 0) {
    const streams = pictures > 0 ? PICTURE_STREAMS : READING_STREAMS;
    return { streams, bytes: openExcess, reason: "outbox_full" };
  }
  const reservedExcess = over(reserved, budget.reservedBytes);
  if (reservedExcess > 0) return { streams: RESERVED_STREAMS, bytes: reservedExcess, reason: "reserve_full" };
  return null;
};
