import { EraseSimulation } from "./erase-simulation.ts";
import { instantCompression } from "./instant-compression.ts";

type Landed = "gps_data" | "dead_letters";
const ALL: readonly Landed[] = ["gps_data", "dead_letters"];

const insist = (holds: boolean, what: string): void => {
  if (!holds) throw new Error(what);
};

/** One worker after the other reads the log to its end; letters that the first sends are the second's to land. */
const drain = async (sim: EraseSimulation, accept: readonly Landed[] = []): Promise<void> => {
  for (const one of sim.workers) {
    one.process.thaw();
    one.stop();
  }
  await sim.advance(5000);
  for (const one of sim.workers) sim.kill(one);
  for (const tables of [accept, []]) {
    const last = await sim.start({ untilDrained: true, accept: tables });
    for (let i = 0; i < 400 && !last.isDone && last.error === null; i += 1) await sim.advance(200);
    if (last.error !== null) throw last.error;
    insist(last.isDone, "the last worker does not come to its end");
    sim.kill(last);
  }
};

/** Nothing of the vehicle is left, also when the whole log is read once more; of the others nothing is missing. */
const finish = async (sim: EraseSimulation): Promise<void> => {
  sim.victimDrives = false;
  sim.world.heal();
  await drain(sim);
  const report = await sim.erase(null, () => undefined);
  insist(report?.ok === true, `the last erasure says ${JSON.stringify(report)}`);
  for (const accept of [[], ALL]) {
    if (accept.length > 0) await drain(sim, accept);
    const naming = await sim.naming();
    insist(naming.length === 0, `named in ${naming.join(", ")}`);
    await sim.judge();
  }
};

/** What the world does while somebody erases. */
const beside = (sim: EraseSimulation) => async (): Promise<void> => {
  const dice = sim.below(60);
  if (dice < 6) sim.drive();
  if (dice === 6) sim.living[sim.below(2)]?.process.dieAfter(1 + sim.below(60));
  if (dice === 7 && sim.living.length < 3) await sim.start();
  if (dice === 8) sim.objects.deliverLate(sim.random);
  for (const one of sim.workers) if (one.process.isDead) sim.kill(one);
};

const maybeDying = (sim: EraseSimulation): number | null => (sim.below(4) === 0 ? 1 + sim.below(300) : null);

/** Erasures that are killed, beside workers that die and commit, compaction and retention; says what happened. */
export const runEraseSchedule = async (
  seed: number,
  sim = new EraseSimulation(seed),
): Promise<ReadonlyMap<string, number>> => {
  using _ = instantCompression();
  const happened = new Map<string, number>();
  const count = (what: string): void => void happened.set(what, (happened.get(what) ?? 0) + 1);
  // In some schedules requests take time, so that an erasure falls into the middle of workers' commits.
  sim.world.latencyMs = sim.below(2) === 0 ? 60 : 0;
  for (let i = 0; i < 2; i += 1) await sim.start();
  for (let i = 0; i < 12; i += 1) {
    sim.drive();
    await sim.advance(sim.below(400));
  }
  for (let i = 0; i < 3; i += 1) {
    const dieAfter = sim.below(4) === 0 ? null : 1 + sim.below(300);
    // Now and then two people have the same task.
    const other = sim.below(3) === 0 ? sim.erase(null, () => undefined) : Promise.resolve(null);
    const compacting = sim.below(2) === 0 ? sim.compact(maybeDying(sim), () => undefined) : null;
    count((await sim.erase(dieAfter, beside(sim))) === null ? "killed" : "finished");
    await other;
    await compacting;
    if (sim.below(4) === 0) await sim.retain(sim.below(2) === 0 ? null : 1 + sim.below(60), beside(sim));
    sim.drive();
  }
  while (sim.objects.deliverLate(sim.random));
  await finish(sim);
  return happened;
};

/**
 * Erasures in the middle of compactions and of workers' commits, all of which live to learn what became of them: when
 * they have, the store holds nothing of the vehicle but what has landed since.
 */
export const runBusyErasures = async (seed: number): Promise<ReadonlyMap<string, number>> => {
  using _ = instantCompression();
  const sim = new EraseSimulation(seed);
  const happened = new Map<string, number>();
  const count = (what: string): void => void happened.set(what, (happened.get(what) ?? 0) + 1);
  sim.world.faults = false;
  sim.world.latencyMs = 60;
  const drive = (): void => {
    if (sim.below(10) === 0) sim.drive();
  };
  for (let i = 0; i < 2; i += 1) await sim.start();
  for (let i = 0; i < 3; i += 1) {
    for (let drives = 0; drives < 8; drives += 1) {
      sim.drive();
      await sim.advance(sim.below(400));
    }
    const compacting = sim.compact(null, drive);
    await sim.advance(sim.below(2000));
    const report = await sim.erase(null, drive);
    insist(report !== null, "nobody was killed, and yet the erasure gave up");
    await compacting;
    await sim.advance(10_000);
    const debris = await sim.debris();
    insist(debris.length === 0, `left in ${debris.join(", ")}`);
    count(report?.ok === true ? "clean" : "landed since");
  }
  await finish(sim);
  return happened;
};

/** An erasure that dies at its n-th operation, and the run that finishes it; `finished`: it has not so many. */
export const runKilledErasure = async (dieAfter: number): Promise<"killed" | "finished"> => {
  using _ = instantCompression();
  const sim = new EraseSimulation(1000 + dieAfter);
  sim.world.faults = false;
  await sim.start();
  for (let i = 0; i < 8; i += 1) {
    sim.drive();
    await sim.advance(300);
  }
  const report = await sim.erase(dieAfter, () => undefined);
  await finish(sim);
  return report === null ? "killed" : "finished";
};
