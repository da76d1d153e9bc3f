import type { ForgetWhen } from "@roadstream/agent/testing";
import { instantCompression, type SimulatedLake } from "@roadstream/cloud/testing";
import { judge } from "./judge.ts";
import { bringHome, runSchedule } from "./schedule.ts";
import { WholePath } from "./whole-path.ts";

/** What must have happened, and in at least which share of the schedules: one in which nothing goes wrong proves nothing. */
export const UNKINDNESS: Readonly<Record<string, number>> = {
  "agent before_commit": 0.1,
  "agent after_commit": 0.1,
  "agent before_publish": 0.1,
  "agent after_publish": 0.1,
  "gateway before_append": 0.1,
  "gateway after_append": 0.1,
  "gateway after_puback": 0.1,
  "broker away for the trip": 0.03,
  "worker died": 1,
  "worker stopped": 0.3,
  "commits in conflict": 0.03,
  "clock of a car set": 0.5,
  "log replaced": 0.05,
  "log refused": 0.03,
  "copies dropped": 1,
  "readings in declared gaps": 0.03,
  "readings landed": 10,
};

export interface Schedules {
  readonly seeds: readonly number[];
  readonly lake: SimulatedLake;
  readonly forget?: ForgetWhen;
  /** The command that runs one of them again. */
  readonly alone: (seed: number) => string;
}

export const simulate = async (seed: number, options: Omit<Schedules, "seeds">): Promise<WholePath> => {
  using _ = instantCompression();
  const path = new WholePath(seed, options.lake, options.forget);
  try {
    await runSchedule(path);
    await bringHome(path);
    await judge(path);
  } catch (cause) {
    throw new Error(`seed ${seed}; alone: ${options.alone(seed)}`, { cause });
  }
  for (const { metrics, process } of path.cloud.workers) {
    path.count(
      "commits in conflict",
      metrics.of("gps_data").conflicts + metrics.of("agent_events").conflicts,
    );
    if (process.isDead) path.count("worker died");
  }
  return path;
};

/** How often what happened in all of them. */
export const simulateAll = async (options: Schedules): Promise<ReadonlyMap<string, number>> => {
  const happened = new Map<string, number>();
  for (const seed of options.seeds) {
    const path = await simulate(seed, options);
    for (const [what, times] of path.happened) happened.set(what, (happened.get(what) ?? 0) + times);
  }
  return happened;
};
