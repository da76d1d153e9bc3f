import { isRoadstreamError } from "@roadstream/shared";
import { IngestSimulation } from "./ingest-simulation.ts";
import { instantCompression } from "./instant-compression.ts";
import { judgeIngest } from "./judge-ingest.ts";
import { beginChore } from "./lake-chores.ts";
import type { SimulatedLake, SimulatedWorker } from "./simulated-cloud.ts";

const ACTIONS = 24;
const MAX_WORKERS = 3;
/** So long that workers give up waiting: then they end with the reason, and are started again. */
const LONG_OUTAGE_MS = 540_000;
const LONG_OUTAGE_EVERY = 60;
/** Virtual time for everything to come home; a worker that waited long for the store looks again within seconds. */
const HOME_MS = 120_000;
const SECOND = 1000;
const HOUR = 3600 * SECOND;
/** As time servers, people and empty batteries set clocks. */
const CLOCK_JUMPS = [-3 * HOUR, -40 * SECOND, 40 * SECOND, 3 * HOUR, 9600 * HOUR, -9600 * HOUR];

type Act = (sim: IngestSimulation) => Promise<void> | void;
/** One that takes no time. */
type Moment = (sim: IngestSimulation) => void;

const anyOf = <T>(sim: IngestSimulation, all: readonly T[]): T | undefined => all[sim.below(all.length)];

const drive: Moment = (sim) => {
  for (let i = sim.below(4); i >= 0; i -= 1) sim.drive();
};

/** Something is away or full for a while, mostly a short one. */
const outage =
  (what: string, begin: Moment): Act =>
  async (sim) => {
    begin(sim);
    sim.count(what);
    drive(sim);
    const isLong = sim.below(LONG_OUTAGE_EVERY) === 0;
    await sim.advance(isLong ? LONG_OUTAGE_MS : sim.below(3000));
    if (sim.below(2) === 0) repair(sim);
  };

const repair = (sim: IngestSimulation): void => {
  sim.world.isStoreAway = false;
  sim.world.isStoreFull = false;
  sim.world.isScratchFull = false;
  sim.log.store.away = false;
  sim.log.store.changed();
};

/** What cars, networks, brokers, stores, disks, operators and the kernel do. */
const ACTS: readonly Act[] = [
  drive,
  drive,
  drive,
  drive,
  drive,
  drive,
  async (sim) => {
    if (sim.living.length < MAX_WORKERS) await sim.start();
  },
  (sim) => {
    // Between any two of its next operations: each object of a commit has its turn in some seed.
    anyOf(sim, sim.living)?.process.dieAfter(1 + sim.below(60));
  },
  async (sim) => {
    // A zombie: stopped in the middle of anything, taken for dead, its partitions another's, and woken later.
    const worker = anyOf(sim, sim.living);
    drive(sim);
    if (sim.living.length < 2) await sim.start();
    worker?.process.freezeAfter(1 + sim.below(40), () => {
      sim.count("worker stopped");
      sim.expel(worker);
    });
  },
  (sim) => {
    for (const one of sim.living) one.process.thaw();
  },
  async (sim) => {
    const worker = anyOf(sim, sim.living);
    if (worker === undefined) return;
    drive(sim);
    // Until some commit is under way.
    await sim.advance(250 + sim.below(200));
    sim.move(sim.below(2) === 0 ? "gps_data" : "dead_letter", sim.below(2), worker);
    sim.count("partition moved");
  },
  outage("log away", (sim) => {
    sim.log.store.away = true;
  }),
  outage("store away", (sim) => {
    sim.world.isStoreAway = true;
  }),
  outage("store full", (sim) => {
    sim.world.isStoreFull = true;
  }),
  outage("scratch full", (sim) => {
    sim.world.isScratchFull = true;
  }),
  repair,
  (sim) => {
    anyOf(sim, sim.living)?.clock.jump(anyOf(sim, CLOCK_JUMPS) ?? 0);
    sim.count("clock set");
  },
  (sim) => {
    sim.count("request late", sim.deliverLate());
  },
];

const chore: Moment = (sim) => {
  const worker = anyOf(sim, sim.living);
  if (worker !== undefined) beginChore(sim, worker, sim.fail);
};

/** What is done to a lake besides: days go by, and somebody looks after it from a machine whose clock is anything. */
const ACTS_ON_ICEBERG: readonly Act[] = [
  ...ACTS,
  chore,
  chore,
  (sim) => {
    // What was left behind is old enough to be removed, and so are the files of a batch under way.
    sim.clock.jumpWall(3 * HOUR);
    sim.count("hours passed");
  },
];

const ACTS_ON: Readonly<Record<SimulatedLake, readonly Act[]>> = {
  memory: ACTS,
  iceberg: ACTS_ON_ICEBERG,
  // There are twice as many kinds of chores.
  glue: [...ACTS_ON_ICEBERG, chore, chore],
};

/** What died is out of the group; who gave up waiting for store or log has said so, and is gone as well. */
const attend = (sim: IngestSimulation): void => {
  if (sim.failure !== null) throw sim.failure;
  for (const one of sim.workers) {
    if (one.process.isDead) {
      sim.kill(one);
      continue;
    }
    if (one.error === null) continue;
    if (!isRoadstreamError(one.error) || !one.error.retryable) throw one.error;
    sim.count("worker gave up");
    sim.kill(one);
  }
};

/** Everything heals, the living stop, and one worker brings the rest home. */
const bringHome = async (sim: IngestSimulation): Promise<void> => {
  sim.world.heal();
  repair(sim);
  for (const one of sim.living) {
    one.process.thaw();
    one.stop();
  }
  await sim.advance(20_000);
  attend(sim);
  for (const one of sim.workers) if (!one.isDone) sim.kill(one);
  const last = await sim.start({ untilDrained: true });
  for (let waited = 0; waited < HOME_MS && !last.isDone; waited += 500) {
    await sim.advance(500);
    sim.deliverLate();
    // A poll that was under way when its process died may have brought it back into the group.
    for (const one of sim.workers) if (one.process.isDead) sim.kill(one);
    if (last.error !== null) throw last.error;
  }
  if (!last.isDone) throw new Error("the last worker does not come to its end");
  while (sim.deliverLate() > 0);
};

const countWorkers = (sim: IngestSimulation, workers: readonly SimulatedWorker[]): void => {
  for (const { metrics, measured, process } of workers) {
    const { conflicts, commits } = metrics.of("gps_data");
    sim.count("commits", commits);
    sim.count("conflicts", conflicts);
    sim.count(
      "commits overtaken",
      measured.value("roadstream_cloud_commits_overtaken_total", { table: "gps_data" }),
    );
    if (process.isDead) sim.count("worker died");
  }
};

/** A group of workers, what happens to it, and the judgement; everything follows from the seed. */
export const runWorkerSchedule = async (seed: number, lake: SimulatedLake): Promise<IngestSimulation> => {
  using _ = instantCompression();
  const sim = new IngestSimulation(seed, lake);
  // In some schedules requests take time, so that workers meet in the middle of commits.
  sim.world.latencyMs = sim.below(2) === 0 ? 60 : 0;
  await sim.start();
  for (let i = 0; i < ACTIONS; i += 1) {
    await anyOf(sim, ACTS_ON[lake])?.(sim);
    attend(sim);
    await sim.advance(20 + sim.below(300));
    attend(sim);
    await sim.look();
  }
  await bringHome(sim);
  await sim.look();
  await judgeIngest(sim);
  countWorkers(sim, sim.workers);
  for (const [what, times] of sim.world.met) sim.count(what, times);
  return sim;
};

/** What must have happened, and in at least which share of the schedules: one in which nothing goes wrong proves nothing. */
const UNKINDNESS: Readonly<Record<string, number>> = {
  "worker died": 1,
  "worker stopped": 0.3,
  "worker gave up": 0.005,
  "partition moved": 0.5,
  "log away": 0.5,
  "store away": 0.5,
  "store full": 0.5,
  "scratch full": 0.5,
  "clock set": 0.5,
  "request late": 0.02,
  conflicts: 0.1,
  looks: 10,
};
/** Where every commit is a compare-and-set on the same file, and not a few lines in memory. */
const UNKINDNESS_ON_ICEBERG = {
  ...UNKINDNESS,
  "commits overtaken": 0.05,
  "hours passed": 0.5,
  "retention passes": 0.2,
  "orphans removed": 0.05,
};
/** And where that compare-and-set is Glue's. */
const UNKINDNESS_ON_GLUE = {
  ...UNKINDNESS_ON_ICEBERG,
  "update of Glue, lost_request": 0.05,
  "update of Glue, lost_answer": 0.05,
  "update of Glue, repeated": 0.05,
  "late update of Glue, moved_on": 0.05,
  "late update of Glue, replaced": 0.03,
  "files compacted": 0.1,
  "snapshots expired": 0.05,
};
const WANTED: Readonly<Record<SimulatedLake, Readonly<Record<string, number>>>> = {
  memory: UNKINDNESS,
  iceberg: UNKINDNESS_ON_ICEBERG,
  glue: UNKINDNESS_ON_GLUE,
};
/** With fewer than so many, chance decides. */
const ENOUGH_TO_JUDGE = 50;

/** Runs so many schedules; `alone` is the command that runs one of them again, for whoever reads of a failure. */
export const runWorkerSchedules = async (options: {
  readonly lake: SimulatedLake;
  readonly seeds: readonly number[];
  readonly alone: (seed: number) => string;
}): Promise<ReadonlyMap<string, number>> => {
  const happened = new Map<string, number>();
  for (const seed of options.seeds) {
    try {
      const sim = await runWorkerSchedule(seed, options.lake);
      for (const [what, times] of sim.happened) happened.set(what, (happened.get(what) ?? 0) + times);
    } catch (cause) {
      throw new Error(`seed ${seed}; alone: ${options.alone(seed)}`, { cause });
    }
  }
  if (options.seeds.length < ENOUGH_TO_JUDGE) return happened;
  for (const [what, share] of Object.entries(WANTED[options.lake])) {
    if ((happened.get(what) ?? 0) < share * options.seeds.length)
      throw new Error(`${what}: only ${happened.get(what) ?? 0} times in ${options.seeds.length} schedules`);
  }
  return happened;
};
