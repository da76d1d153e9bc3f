import { IngestSimulation } from "./ingest-simulation.ts";
import { instantCompression } from "./instant-compression.ts";
import { judgeIngest } from "./judge-ingest.ts";
import type { SimulatedLake, SimulatedWorker } from "./simulated-cloud.ts";

const SEED = 7;
/** Few enough readings that one commit takes those that wait. */
const DRIVES = 3;
const MAX_TURNS = 400;

/** Where a compare-and-set makes a commit: a file that is created, or Glue's version. */
export const KILLED_CATALOGS = ["iceberg", "glue"] as const satisfies readonly SimulatedLake[];
/** `first`: the commit that also makes the tables · `later`: one on top of others, with ledgers to load. */
export const KILLED_COMMITS = ["first", "later"] as const;

interface Scene {
  readonly lake: (typeof KILLED_CATALOGS)[number];
  readonly commit: (typeof KILLED_COMMITS)[number];
}

interface KilledIngest {
  readonly end: "killed" | "finished";
  /** Whether its commit of gps_data stood at its end. */
  readonly stood: boolean;
}

const untilItEnds = async (sim: IngestSimulation, one: SimulatedWorker): Promise<void> => {
  for (let turn = 0; !one.isDone && !one.process.isDead; turn += 1) {
    if (one.error !== null) throw one.error;
    if (turn === MAX_TURNS) throw new Error(`${one.name} comes to no end`);
    await sim.advance(100);
    // A poll that was under way when its process died may have brought it back into the group.
    for (const other of sim.workers) if (other.process.isDead) sim.kill(other);
  }
};

const drive = (sim: IngestSimulation): void => {
  for (let i = 0; i < DRIVES; i += 1) sim.drive();
};

/** A worker reads the log to its end; letters that it sends on the way are the next one's to land. */
const drain = async (sim: IngestSimulation): Promise<void> => {
  const one = await sim.start({ untilDrained: true });
  await untilItEnds(sim, one);
  sim.kill(one);
};

/**
 * A worker that dies before its n-th operation on store, catalog, table or log (a request counts twice: when it is
 * sent, and when it is answered), and others that go on. The same history for every n, so that each operation of a
 * commit has its turn, and a reader each state between two. Throws when anything is lost or doubled, or the reader saw
 * half a batch; `finished`: it has not so many.
 */
const runKilledIngest = async ({ lake, commit }: Scene, dieAfter: number): Promise<KilledIngest> => {
  using _ = instantCompression();
  const sim = new IngestSimulation(SEED, lake);
  sim.world.faults = false;
  sim.meanwhile = () => Promise.resolve();
  if (commit === "later") {
    drive(sim);
    await drain(sim);
  }
  drive(sim);
  const before = (await sim.reader("gps_data").peek())?.snapshotId ?? null;
  const doomed = await sim.start({ untilDrained: true });
  doomed.process.dieAfter(dieAfter);
  await untilItEnds(sim, doomed);
  const end = doomed.process.isDead ? "killed" : "finished";
  // What any reader finds between this operation and the one before it.
  await sim.look();
  const stood = ((await sim.reader("gps_data").peek())?.snapshotId ?? null) !== before;
  sim.kill(doomed);
  for (let i = 0; i < 2; i += 1) await drain(sim);
  await sim.look();
  await judgeIngest(sim);
  return { end, stood };
};

/**
 * Kills a worker at each operation of its commit (by `stride`, at one in so many) until there are no more; says how many
 * died before their commit stood, and how many after.
 */
export const killAtOperations = async (
  scene: Scene & { readonly stride: number },
): Promise<{ readonly before: number; readonly after: number }> => {
  const deaths = { before: 0, after: 0 };
  for (let operation = 1; ; operation += scene.stride) {
    try {
      const { end, stood } = await runKilledIngest(scene, operation);
      if (end === "finished") return deaths;
      deaths[stood ? "after" : "before"] += 1;
    } catch (cause) {
      throw new Error(`killed at operation ${operation}`, { cause });
    }
  }
};
