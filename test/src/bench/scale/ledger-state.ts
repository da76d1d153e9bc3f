import {
  LedgerDelta,
  loadLedger,
  MemoryObjectStore,
  PartitionLedger,
  writeLedger,
} from "@roadstream/cloud/testing";
import { seededRandom, unixMillis, uuidV7 } from "@roadstream/shared";
import { nodeZstd, systemClock } from "@roadstream/shared/adapters";
import { partitionOf } from "@roadstream/shared/event-log";

interface Cost {
  readonly bytes: number;
  readonly cpuSeconds: number;
}

export interface LedgerMeasure {
  readonly vehicles: number;
  readonly partitions: number;
  /** In the workers' memory, all partitions together. */
  readonly heldBytes: number;
  readonly bytesPerSeries: number;
  /** A commit whose ledger files are whole ones, and one with differences. */
  readonly whole: Cost;
  readonly differences: Cost;
  /** To read both again, as a worker does that is given the partitions. */
  readonly loadCpuSeconds: number;
  readonly peakBytes: number;
}

/**
 * In a process of its own, started with --expose-gc: what one table's worker knows of a fleet, without any row. Every
 * car has one boot; a commit brings thirty readings of each.
 */
const vehicles = Number(process.argv[2]);
const partitions = Number(process.argv[3]);
const READINGS = 30;
const STARTED = Date.UTC(2026, 0, 1);
const random = seededRandom(7);
const store = new MemoryObjectStore(systemClock());
// As texts of one piece, so that what they are put together from does not count.
const boots = Array.from({ length: vehicles }, (_, n) =>
  Buffer.from(uuidV7(unixMillis(STARTED + n), random)).toString(),
);

const heapBytes = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
};

const cpuSince = (began: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1e6;
};

/** What the readings of one commit add, by partition. */
const deltas = (commit: number): readonly LedgerDelta[] => {
  const all = Array.from({ length: partitions }, () => new LedgerDelta());
  for (let n = 0; n < vehicles; n += 1) {
    const vehicleId = `vehicle-${n}`;
    const series = all[partitionOf(vehicleId, partitions)]?.of({
      vehicleId,
      bootId: boots[n] ?? "",
      stream: "gps_data",
    });
    series?.landed.add(1 + commit * READINGS, (commit + 1) * READINGS);
    if (series !== undefined) series.lastAppendedAt = STARTED + commit * READINGS * 1000;
  }
  return all;
};

let ledgers: readonly PartitionLedger[] = Array.from({ length: partitions }, () => new PartitionLedger());
const commit = async (n: number): Promise<Cost> => {
  const added = deltas(n);
  const written = store.writtenBytes;
  const began = process.cpuUsage();
  const next: PartitionLedger[] = [];
  for (const [partition, delta] of added.entries()) {
    const write = {
      store,
      zstd: nodeZstd,
      uuid: () => uuidV7(unixMillis(STARTED), random),
      commit: String(n),
      table: "gps_data",
      partition,
    } as const;
    next.push((await writeLedger(write, ledgers[partition] ?? new PartitionLedger(), delta)).settle());
  }
  ledgers = next;
  return { bytes: store.writtenBytes - written, cpuSeconds: cpuSince(began) };
};

const before = heapBytes();
const whole = await commit(0);
const heldBytes = heapBytes() - before;
const differences = await commit(1);
const began = process.cpuUsage();
for (const [partition, ledger] of ledgers.entries())
  await loadLedger(store, nodeZstd, { table: "gps_data", partition }, ledger.key);
const loadCpuSeconds = cpuSince(began);
const measure: LedgerMeasure = {
  vehicles,
  partitions,
  heldBytes,
  bytesPerSeries: Math.round(heldBytes / vehicles),
  whole,
  differences,
  loadCpuSeconds,
  peakBytes: process.resourceUsage().maxRSS * 1024,
};
process.stdout.write(JSON.stringify(measure));
