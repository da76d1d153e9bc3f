import type { UptimeMillis } from "@roadstream/shared";
import { PIDS_PER_REQUEST } from "./elm-command.ts";
import { PID_TABLE, type PollPace } from "./pid-table.ts";

/** One reading per cycle; a cycle that takes longer is followed by the next at once. */
export const CYCLE_MS = 1000;

/** How often a PID of each pace is asked; `once` until it was answered. */
const PACE_MS: Readonly<Record<PollPace, number>> = {
  fast: 0,
  slow: 10_000,
  rare: 60_000,
  once: 60_000,
};

/** Slow requests per cycle, so that one by one they do not make a cycle late. */
const SLOW_REQUESTS_PER_CYCLE = 2;

/** Polled values are used in readings until they are this old; fast ones only in their own cycle. */
export const MAX_AGE_MS: Readonly<Record<PollPace, number>> = {
  fast: 0,
  slow: 30_000,
  rare: 180_000,
  once: Number.POSITIVE_INFINITY,
};

/** What else is asked of the car or the adapter, beside PIDs. */
export type OtherAsk = "voltage" | "codes" | "vin";
export const OTHER_PACE: Readonly<Record<OtherAsk, PollPace>> = {
  voltage: "slow",
  codes: "rare",
  vin: "once",
};

/** When each was last asked, and which need no asking any more. Keys: a PID, or an {@link OtherAsk}. */
export interface PlanMemory {
  readonly askedAt: ReadonlyMap<number | OtherAsk, UptimeMillis>;
  readonly settled: ReadonlySet<number | OtherAsk>;
}

export interface CyclePlan {
  /** Each entry is one request of service 01. */
  readonly requests: readonly (readonly number[])[];
  readonly others: readonly OtherAsk[];
}

/** What to ask in the cycle that begins at `at`: everything fast, and the longest waiting of the slower ones. */
export const planCycle = (options: {
  readonly at: UptimeMillis;
  readonly supported: ReadonlySet<number>;
  readonly memory: PlanMemory;
  readonly severalPids: boolean;
}): CyclePlan => {
  const { at, memory } = options;
  const perRequest = options.severalPids ? PIDS_PER_REQUEST : 1;
  const isDue = (key: number | OtherAsk, pace: PollPace): boolean => {
    const last = memory.askedAt.get(key);
    return !memory.settled.has(key) && (last === undefined || at - last >= PACE_MS[pace]);
  };
  const due = PID_TABLE.filter((row) => options.supported.has(row.pid) && isDue(row.pid, row.pace));
  const fast = due.filter((row) => row.pace === "fast").map((row) => row.pid);
  const lastAsked = (pid: number): number => memory.askedAt.get(pid) ?? Number.NEGATIVE_INFINITY;
  const slower = due
    .filter((row) => row.pace !== "fast")
    .map((row) => row.pid)
    .sort((a, b) => lastAsked(a) - lastAsked(b) || a - b)
    .slice(0, SLOW_REQUESTS_PER_CYCLE * perRequest);
  const others = (Object.keys(OTHER_PACE) as OtherAsk[]).filter((key) => isDue(key, OTHER_PACE[key]));
  return { requests: [...chunks(fast, perRequest), ...chunks(slower, perRequest)], others };
};

const chunks = (pids: readonly number[], size: number): readonly (readonly number[])[] =>
  Array.from({ length: Math.ceil(pids.length / size) }, (_, i) => pids.slice(i * size, (i + 1) * size));
