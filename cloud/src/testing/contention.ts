import { IngestSimulation } from "./ingest-simulation.ts";
import { instantCompression } from "./instant-compression.ts";
import { judgeIngest } from "./judge-ingest.ts";

const WORKERS = 2;
const WINDOW_MS = 10_000;
const STEP_MS = 100;
/** A commit takes some dozen requests, so that one follows another without a pause. */
const LATENCY_MS = 40;
const DRAIN_MS = 30_000;

/** Of each worker, in each window, where it keeps its partition; and of both together where partitions move. */
const FEWEST_COMMITS = 5;
const FEWEST_TOGETHER = 10;
/** The first commit of a table says of every partition where it begins: whoever is second then reads again. */
const FIRST_COMMITS = WORKERS;

export interface Contention {
  /** Commits of each worker in each window. */
  readonly commits: readonly (readonly number[])[];
  readonly conflicts: number;
  /** Times that the other worker's commit came first. */
  readonly overtaken: number;
}

/**
 * Two workers on one table, records without end, and a commit under way at every moment. `moving`: partitions go from
 * one to the other meanwhile, so that commits begin for what is no longer theirs. Throws when one starves, when commits
 * conflict that need not, or when anything is lost, doubled or seen by half.
 */
export const contend = async (options: {
  readonly seed: number;
  readonly partitions: "kept" | "moving";
  readonly windows: number;
}): Promise<Contention> => {
  const { seed, partitions, windows } = options;
  using _ = instantCompression();
  const sim = new IngestSimulation(seed, "iceberg");
  sim.world.heal();
  sim.world.latencyMs = LATENCY_MS;
  for (let i = 0; i < WORKERS; i += 1) await sim.start();
  const counts = (): readonly number[] => sim.workers.map(({ metrics }) => metrics.of("gps_data").commits);
  const commits: (readonly number[])[] = [];
  for (let window = 0; window < windows; window += 1) {
    const before = counts();
    for (let at = 0; at < WINDOW_MS; at += STEP_MS) {
      sim.drive();
      const to = sim.workers[sim.below(WORKERS)];
      if (partitions === "moving" && sim.below(10) === 0 && to !== undefined)
        sim.move("gps_data", sim.below(2), to);
      await sim.advance(STEP_MS);
    }
    commits.push(counts().map((count, i) => count - (before[i] ?? 0)));
  }
  await sim.advance(DRAIN_MS);
  for (const { error } of sim.workers) if (error !== null) throw error;
  await sim.look();
  await judgeIngest(sim);
  const found = { commits, conflicts: conflictsOf(sim), overtaken: overtakenOf(sim) };
  const isFair = commits.every((window) =>
    partitions === "kept"
      ? window.every((count) => count >= FEWEST_COMMITS)
      : window.reduce((sum, count) => sum + count, 0) >= FEWEST_TOGETHER,
  );
  const isExpected = partitions === "moving" || found.conflicts <= FIRST_COMMITS;
  if (!isFair || !isExpected || found.overtaken < windows)
    throw new Error(`they stand in each other's way, or never met: ${JSON.stringify(found)}`);
  return found;
};

const conflictsOf = (sim: IngestSimulation): number =>
  sim.workers.reduce((sum, { metrics }) => sum + metrics.of("gps_data").conflicts, 0);

const overtakenOf = (sim: IngestSimulation): number => {
  const name = "roadstream_cloud_commits_overtaken_total";
  return sim.workers.reduce((sum, { measured }) => sum + measured.value(name, { table: "gps_data" }), 0);
};
