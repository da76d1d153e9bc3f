import { statfsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers";
import {
  BestClock,
  DEFAULT_BUDGET,
  DurableOutbox,
  encodeReading,
  gpsSample,
  outboxEvents,
  OutboxMetrics,
  SqliteSegmentStore,
  type EncodedReading,
} from "@roadstream/agent/testing";
import { MemoryMetrics, seededRandom, silentLogger, unixMillis, uptimeMillis } from "@roadstream/shared";
import { systemClock, systemRandom } from "@roadstream/shared/adapters";
import { cpuSeconds, median } from "./measure.ts";

interface Round {
  readonly readingsPerSecond: number;
  readonly readingsPerCpuSecond: number;
  /** The step before the outbox: checked against the contract and written as text. */
  readonly encodedPerCpuSecond: number;
  readonly fsyncs: number;
  readonly bytesWritten: number;
}

interface GroupResult extends Round {
  readonly group: number;
  readonly readings: number;
  readonly readingsPerFsync: number;
  readonly bytesPerReading: number;
}

export interface OutboxBench {
  readonly name: "outbox";
  readonly unit: "readings per second";
  /** In the best groups: numbered, committed and fsynced. */
  readonly ours: number;
  readonly target: number;
  readonly ok: boolean;
  /** A file system in memory makes fsyncs cheap. */
  readonly medium: "disk" | "memory";
  readonly groups: readonly GroupResult[];
}

const TARGET = 100_000;
const ROUNDS = 3;
/** Readings that share one turn, and so one transaction, and how many are measured. */
const GROUPS = [
  { group: 10, readings: 10_000 },
  { group: 100, readings: 50_000 },
  { group: 1000, readings: 100_000 },
] as const;
const WARM_UP = { group: 1000, readings: 50_000 } as const;
/** Linux's magic number of tmpfs, statfs(2). */
const TMPFS = 0x0102_1994;

const bytesWritten = (): number => {
  const field = /^write_bytes: (\d+)$/m.exec(readFileSync("/proc/self/io", "utf8"));
  return Number(field?.[1] ?? Number.NaN);
};

/** A second of driving, as a receiver gives it. */
const reading = (n: number): ReturnType<typeof gpsSample> =>
  gpsSample(
    {
      capturedAt: unixMillis(Date.UTC(2026, 2, 14, 12) + n * 1000),
      clock: "gnss",
      clockErrorMs: 25,
      uptime: uptimeMillis(n * 1000),
    },
    {
      latitude: 41.25 + n / 1e6,
      longitude: -95.93 + n / 1e6,
      heading_deg: n % 360,
      satellites_used: 8 + (n % 5),
    },
  );

/**
 * SQLite syncs the write-ahead log at each COMMIT (synchronous = FULL), and at each write-back the log and the file.
 */
const fsyncsOf = ({ commits, writeBacks }: SqliteSegmentStore["statistics"]): number =>
  commits + 2 * writeBacks;

/** Made anew for each round: text that was read once is stored differently in memory. */
const encodedReadings = (count: number): readonly EncodedReading[] =>
  Array.from({ length: count }, (_, n) => {
    const outcome = encodeReading(reading(n), "fixed");
    if (!outcome.ok) throw new Error(`${outcome.column}: ${outcome.reason}`);
    return outcome.encoded;
  });

const fill = async (
  outbox: DurableOutbox,
  readings: readonly EncodedReading[],
  group: number,
): Promise<void> => {
  for (let from = 0; from < readings.length; from += group) {
    const together = readings.slice(from, from + group);
    const outcomes = await Promise.all(together.map((one) => outbox.accept(one)));
    if (outcomes.some((outcome) => !("seq" in outcome))) throw new Error("a reading was refused");
  }
};

/** The agent's own outbox on a new database each time. */
const measure = async (readings: number, group: number): Promise<Round> => {
  const directory = await mkdtemp(join(tmpdir(), "bench-outbox-"));
  const clock = systemClock();
  const bestClock = new BestClock({ clock, machineTime: () => null, tripTime: null });
  try {
    using store = SqliteSegmentStore.open({
      directory,
      maxBytes: 2 ** 32,
      clock,
      random: systemRandom(),
      logger: silentLogger,
    });
    await using outbox = DurableOutbox.open({
      store,
      clock,
      random: seededRandom(1),
      budget: DEFAULT_BUDGET,
      events: outboxEvents({ clock, bestClock }),
      metrics: new OutboxMetrics(new MemoryMetrics()),
      wallTime: () => null,
      defer: (work) => void setImmediate(work),
      onFailure: (error) => {
        throw error;
      },
    });
    let encoded: readonly EncodedReading[] = [];
    const encoding = await cpuSeconds(() => void (encoded = encodedReadings(readings)));
    const before = { fsyncs: fsyncsOf(store.statistics), bytes: bytesWritten(), at: performance.now() };
    const cpu = await cpuSeconds(() => fill(outbox, encoded, group));
    const elapsed = (performance.now() - before.at) / 1000;
    if (outbox.usage().records !== readings)
      throw new Error(`${outbox.usage().records} of ${readings} are held`);
    return {
      readingsPerSecond: Math.round(readings / elapsed),
      readingsPerCpuSecond: Math.round(readings / cpu),
      encodedPerCpuSecond: Math.round(readings / encoding),
      fsyncs: fsyncsOf(store.statistics) - before.fsyncs,
      bytesWritten: bytesWritten() - before.bytes,
    };
  } finally {
    await rm(directory, { recursive: true });
  }
};

const measureGroup = async (readings: number, group: number): Promise<GroupResult> => {
  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round += 1) rounds.push(await measure(readings, group));
  const middle = (of: (round: Round) => number): number => median(rounds.map(of));
  const fsyncs = middle((round) => round.fsyncs);
  const bytes = middle((round) => round.bytesWritten);
  return {
    group,
    readings,
    readingsPerSecond: middle((round) => round.readingsPerSecond),
    readingsPerCpuSecond: middle((round) => round.readingsPerCpuSecond),
    encodedPerCpuSecond: middle((round) => round.encodedPerCpuSecond),
    fsyncs,
    readingsPerFsync: Math.round(readings / fsyncs),
    bytesWritten: bytes,
    bytesPerReading: Math.round(bytes / readings),
  };
};

/** Readings that came together share one transaction: how many become durable in a second, by the size of the group. */
export const benchOutbox = async (): Promise<OutboxBench> => {
  await measure(WARM_UP.readings, WARM_UP.group);
  const groups: GroupResult[] = [];
  for (const { group, readings } of GROUPS) groups.push(await measureGroup(readings, group));
  const ours = Math.max(...groups.map((result) => result.readingsPerSecond));
  return {
    name: "outbox",
    unit: "readings per second",
    ours,
    target: TARGET,
    ok: ours >= TARGET,
    medium: statfsSync(tmpdir()).type === TMPFS ? "memory" : "disk",
    groups,
  };
};
