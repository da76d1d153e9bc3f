import { randomBelow, seededRandom } from "@roadstream/shared";
import type { Doom } from "./doom-plan.ts";

/** One run: what becomes of whom. Everything follows from the seed. */
export interface KillPlan {
  readonly seed: number;
  readonly scene: Scene;
  readonly agent: Doom | null;
  readonly gateway: Doom | null;
  /** SIGSTOP: a zombie, woken after its partitions have moved and landed. */
  readonly cloud: Doom | null;
  /** `away`: the car makes its whole trip before there is a gateway; `away_killed`: and is killed at its end. */
  readonly broker: "there" | "away" | "away_killed";
  readonly log: "kept" | "replaced";
  /** `meanwhile`: a worker commits while the car drives, so that what is sent again meets what has landed. */
  readonly landing: "afterwards" | "meanwhile";
  readonly epochs: number;
}

/** A worker first makes the seven tables, one object each. */
const TABLE_OBJECTS = 7;
/**
 * Then it commits: rows, ledger, manifest, list and metadata, for two tables side by side. It writes all but the rows
 * itself (those are moved in), and two hints besides.
 */
const LINKED = 10;
const WRITTEN = 10;

export const SCENES = [
  "agent mid-append",
  "agent mid-publish",
  "gateway between log and PUBACK",
  "gateway after PUBACK",
  "cloud before an object",
  "cloud during an object",
  "cloud after an object",
  "two workers, one a zombie",
  "broker away for the whole trip",
  "log deleted and recreated",
] as const;
type Scene = (typeof SCENES)[number];

/** In the order of their seeds, every scene comes in turn; `more` lets a second stage meet a doom as well. */
export const killPlan = (seed: number, more: "one_scene" | "two_scenes"): KillPlan => {
  const random = seededRandom(seed);
  const below = (bound: number): number => randomBelow(random, bound);
  const scene = SCENES[(seed - 1) % SCENES.length] ?? SCENES[0];
  const quiet: KillPlan = {
    seed,
    scene,
    agent: null,
    gateway: null,
    cloud: null,
    broker: "there",
    log: "kept",
    landing:
      scene.startsWith("gateway") || (more === "two_scenes" && below(2) === 0) ? "meanwhile" : "afterwards",
    epochs: 120 + below(360),
  };
  const plan = { ...quiet, ...doomOf(scene, below) };
  const second = SCENES[below(SCENES.length)];
  if (more === "one_scene" || second === undefined) return plan;
  // The main scene has the last word where both concern the same stage; and a car that dies at an append does not live
  // to the end of a trip without a broker.
  const both = { ...quiet, ...doomOf(second, below), ...doomOf(scene, below) };
  const isTorn = both.agent?.moment === "append" && both.broker !== "there";
  if (!isTorn) return both;
  return scene === "agent mid-append" ? { ...both, broker: "there" } : { ...both, agent: null };
};

const doomOf = (scene: Scene, below: (bound: number) => number): Partial<KillPlan> => {
  const signal = "SIGKILL" as const;
  const either = <T>(...all: readonly T[]): T => all[below(all.length)] as T;
  // Mostly of a commit, now and then of a table that is being made.
  const object = (of: number): number =>
    below(4) === 0 ? 1 + below(TABLE_OBJECTS) : TABLE_OBJECTS + 1 + below(of);
  switch (scene) {
    case "agent mid-append":
      return { agent: { moment: "append", when: either("before", "after"), nth: 2 + below(3), signal } };
    case "agent mid-publish":
      return {
        agent: { moment: "publish", when: either("before", "within", "after"), nth: 2 + below(3), signal },
      };
    case "gateway between log and PUBACK":
      return {
        gateway: either(
          { moment: "append", when: either("before", "after"), nth: 1 + below(3), signal },
          { moment: "puback", when: "before", nth: 2 + below(3), signal },
        ),
      };
    case "gateway after PUBACK":
      return { gateway: { moment: "puback", when: "after", nth: 2 + below(3), signal } };
    case "cloud before an object":
      return { cloud: { moment: "object", when: "before", nth: object(LINKED), signal } };
    case "cloud during an object":
      return { cloud: { moment: "object", when: "within", nth: object(WRITTEN), signal } };
    case "cloud after an object":
      return { cloud: { moment: "object", when: "after", nth: object(LINKED), signal } };
    case "two workers, one a zombie":
      return {
        cloud: {
          moment: "object",
          when: either("before", "after"),
          nth: TABLE_OBJECTS + 1 + below(LINKED),
          signal: "SIGSTOP",
        },
      };
    case "broker away for the whole trip":
      return { broker: either("away", "away_killed") };
    case "log deleted and recreated":
      return { log: "replaced" };
  }
};
