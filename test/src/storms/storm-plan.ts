import { randomBelow, seededRandom } from "@roadstream/shared";
import type { ClockJump, Doom } from "../kills/doom-plan.ts";

/** Processes that the bed keeps running, whatever becomes of them. */
export const KEPT = ["gateway", "worker-1", "worker-2"] as const;
export type Kept = (typeof KEPT)[number];
export type Service = "kafka" | "s3";

/** Something that happens at its time, whatever goes on just then. */
export type Blow =
  | { readonly kind: "kill"; readonly who: Kept; readonly atMs: number }
  /** SIGSTOP, and SIGCONT later: short, or so long that others have taken over and landed. */
  | { readonly kind: "stop"; readonly who: Kept; readonly atMs: number; readonly forMs: number }
  | { readonly kind: "freeze"; readonly what: Service; readonly atMs: number; readonly forMs: number }
  | { readonly kind: "restart"; readonly what: Service; readonly atMs: number; readonly forMs: number };

/** One run: what becomes of whom. Everything follows from the seed. */
export interface StormPlan {
  readonly seed: number;
  readonly scene: Scene;
  readonly dooms: Readonly<Partial<Record<Kept | "agent", Doom>>>;
  readonly jumps: Readonly<Partial<Record<Kept, ClockJump>>>;
  readonly blows: readonly Blow[];
  /** Of a hundred requests to S3, so many are lost, unanswered, late or refused. */
  readonly lossPercent: number;
  /** The tables that the reader looks at are compacted all the time. */
  readonly compacts: boolean;
  readonly epochs: number;
}

const SCENES = [
  "worker killed at a put",
  "worker killed at some time",
  "zombie worker",
  "gateway killed at a produce request",
  "gateway killed at a PUBACK",
  "gateway killed at some time",
  "agent killed at a publish",
  "Kafka frozen",
  "Kafka killed",
  "S3 frozen",
  "S3 killed",
  "S3 lossy",
  "clocks set",
  "tables compacted",
] as const;
type Scene = (typeof SCENES)[number];

/** Two workers make seven tables, and a hint beside each; the rest are commits. */
const PUTS = 60;
/** From the start of the trip: most of a run is over by then. */
const TRIP_MS = 4_000;
/** Longer than a session of the consumer group. */
const ZOMBIE_MS = 11_500;
const HOURS = 3_600_000;

type Part = Partial<Omit<StormPlan, "seed" | "scene" | "epochs">>;

/** Every scene comes in turn; one or two more happen in the same run. */
export const stormPlan = (seed: number): StormPlan => {
  const random = seededRandom(seed);
  const below = (bound: number): number => randomBelow(random, bound);
  const scene = SCENES[(seed - 1) % SCENES.length] ?? SCENES[0];
  const others = Array.from({ length: 1 + below(2) }, () => SCENES[below(SCENES.length)] ?? SCENES[0]);
  const parts = [...others, scene].map((one) => partOf(one, below));
  return {
    seed,
    scene,
    dooms: Object.assign({}, ...parts.map(({ dooms }) => dooms)) as StormPlan["dooms"],
    jumps: Object.assign({}, ...parts.map(({ jumps }) => jumps)) as StormPlan["jumps"],
    blows: parts.flatMap(({ blows = [] }) => blows),
    lossPercent: Math.max(0, ...parts.map(({ lossPercent = 0 }) => lossPercent)),
    compacts: parts.some(({ compacts = false }) => compacts),
    epochs: 60 + below(180),
  };
};

const partOf = (scene: Scene, below: (bound: number) => number): Part => {
  const signal = "SIGKILL" as const;
  const either = <T>(...all: readonly T[]): T => all[below(all.length)] as T;
  const when = (): Doom["when"] => either("before", "within", "after");
  const worker = (): Kept => either("worker-1", "worker-2");
  const atMs = below(TRIP_MS);
  switch (scene) {
    case "worker killed at a put":
      return { dooms: { [worker()]: { moment: "put", when: when(), nth: 1 + below(PUTS), signal } } };
    case "worker killed at some time":
      return { blows: [{ kind: "kill", who: worker(), atMs }] };
    case "zombie worker":
      return { blows: [{ kind: "stop", who: worker(), atMs, forMs: either(500, ZOMBIE_MS, ZOMBIE_MS) }] };
    case "gateway killed at a produce request":
      return { dooms: { gateway: { moment: "produce", when: when(), nth: 1 + below(8), signal } } };
    case "gateway killed at a PUBACK":
      return { dooms: { gateway: { moment: "puback", when: when(), nth: 1 + below(8), signal } } };
    case "gateway killed at some time":
      return { blows: [{ kind: "kill", who: "gateway", atMs }] };
    case "agent killed at a publish":
      return { dooms: { agent: { moment: "publish", when: when(), nth: 2 + below(3), signal } } };
    case "Kafka frozen":
      return { blows: [{ kind: "freeze", what: "kafka", atMs, forMs: 300 + below(4_000) }] };
    case "Kafka killed":
      return { blows: [{ kind: "restart", what: "kafka", atMs, forMs: below(1_500) }] };
    case "S3 frozen":
      return { blows: [{ kind: "freeze", what: "s3", atMs, forMs: 300 + below(4_000) }] };
    case "S3 killed":
      return { blows: [{ kind: "restart", what: "s3", atMs, forMs: below(3_000) }] };
    case "S3 lossy":
      return { lossPercent: 3 + below(10) };
    case "tables compacted":
      return { compacts: true };
    case "clocks set":
      return {
        jumps: {
          [either(...KEPT)]: { afterMs: 500 + below(3_000), byMs: either(-26, -2, 2, 26) * HOURS },
        },
      };
  }
};
