import { millis, RoadstreamError, seconds, type Clock } from "@roadstream/shared";
import type { PlannedTrip } from "./plan/planned-trip.ts";
import type { StageSpec } from "./plan/stage-spec.ts";
import type { Launcher, Meter, Screen } from "./ports.ts";
import type { CounterBook } from "./progress/counter-book.ts";
import { briefProgress, progressLines } from "./progress/progress-lines.ts";
import type { PathProgress } from "./progress/progress-view.ts";
import { COUNTERS } from "./progress/stage-counters.ts";
import { exitWords } from "./supervise/exit-words.ts";
import { runList, type RunEntry } from "./supervise/run-list.ts";
import { StageSupervisor } from "./supervise/stage-supervisor.ts";

const LOOK_EVERY = millis(400);
/** The cloud stage lands something each second while there is something; when it lands nothing for so long, it is not coming. */
const SETTLE_PATIENCE = seconds(6);
/** How long stages may take to end by themselves before they are made to. */
const STOP_LIMITS = {
  /** The work is done: they may take their time. */
  done: { cars: seconds(10), servers: seconds(10) },
  /** Together within the ten seconds that a clean stop may take. */
  asked: { cars: seconds(6), servers: seconds(3) },
} as const;

export interface PathParts {
  readonly launcher: Launcher;
  readonly clock: Clock;
  readonly screen: Screen;
  readonly meter: Meter;
  readonly book: CounterBook;
  readonly restart: boolean;
  readonly writeRun: (entries: readonly RunEntry[]) => void;
}

export interface PathSpecs {
  readonly gateway: StageSpec;
  readonly cloud: StageSpec;
  readonly cars: readonly { readonly spec: StageSpec; readonly trip: PlannedTrip }[];
  /** Of earlier runs; they only deliver. */
  readonly parked: readonly StageSpec[];
}

/** All stages on this machine, from the first start to the last end. Disposing of it leaves no process behind. */
export class PathRun implements AsyncDisposable {
  readonly gateway: StageSupervisor;
  readonly cloud: StageSupervisor;
  readonly cars: readonly { readonly supervisor: StageSupervisor; readonly trip: PlannedTrip }[];
  readonly #parts: PathParts;
  readonly #parked: readonly StageSupervisor[];
  readonly #beganAt: number;
  #failure: { readonly error: unknown } | null = null;

  constructor(parts: PathParts, specs: PathSpecs) {
    this.#parts = parts;
    this.#beganAt = parts.clock.uptime();
    this.gateway = this.#supervisor(specs.gateway);
    this.cloud = this.#supervisor(specs.cloud);
    this.cars = specs.cars.map(({ spec, trip }) => ({ supervisor: this.#supervisor(spec), trip }));
    this.#parked = specs.parked.map((spec) => this.#supervisor(spec));
  }

  get agents(): readonly StageSupervisor[] {
    return [...this.cars.map(({ supervisor }) => supervisor), ...this.#parked];
  }

  get restarts(): number {
    return this.#all.reduce((sum, { restarts }) => sum + restarts, 0);
  }

  /** Each stage when the one that it delivers to is ready. */
  async start(signal: AbortSignal): Promise<void> {
    for (const stage of [this.gateway, this.cloud]) await this.#begin(stage, signal);
    await Promise.all(this.agents.map((agent) => this.#begin(agent, signal)));
  }

  /** Until every car has ended its trip and delivered everything. */
  async drive(signal: AbortSignal): Promise<void> {
    const isOver = ({ state }: StageSupervisor): boolean => state === "ended" || state === "dead";
    while (!this.agents.every(isOver)) await this.#look(signal);
  }

  /** Until the cloud stage has landed what the gateway took, or gets no further. */
  async settle(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    let landed = -1;
    let movedAt = clock.uptime();
    for (;;) {
      await this.#look(signal);
      const { gateway, cloud } = this.progress();
      if (cloud.settled >= gateway.logged || cloud.state === "dead") return;
      if (cloud.settled > landed) movedAt = clock.uptime();
      landed = Math.max(landed, cloud.settled);
      if (clock.uptime() - movedAt > SETTLE_PATIENCE) return;
    }
  }

  /** Cars first, so that what they hold can still get through. */
  async stop(why: keyof typeof STOP_LIMITS): Promise<void> {
    const { cars, servers } = STOP_LIMITS[why];
    await Promise.all(this.agents.map((agent) => agent.stop(cars)));
    await Promise.all([this.cloud, this.gateway].map((server) => server.stop(servers)));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop("asked");
  }

  progress(): PathProgress {
    const { book, clock } = this.#parts;
    const landed = book.total("cloud", COUNTERS.landed);
    return {
      elapsedS: (clock.uptime() - this.#beganAt) / 1000,
      cars: this.cars.map(({ supervisor, trip }) => ({
        trip,
        state: supervisor.state,
        drivenS: book.total(trip.vehicle, COUNTERS.epochs),
        captured: book.total(trip.vehicle, COUNTERS.captured),
        held: book.now(trip.vehicle, COUNTERS.held),
      })),
      gateway: {
        state: this.gateway.state,
        logged: book.total("gateway", COUNTERS.logged),
        refused: book.total("gateway", COUNTERS.refused),
      },
      cloud: {
        state: this.cloud.state,
        landed,
        settled: landed + book.total("cloud", COUNTERS.doubled) + book.total("cloud", COUNTERS.rejected),
      },
    };
  }

  get #all(): readonly StageSupervisor[] {
    return [this.gateway, this.cloud, ...this.agents];
  }

  #supervisor(spec: StageSpec): StageSupervisor {
    const { launcher, clock, screen, restart, writeRun } = this.#parts;
    return new StageSupervisor({
      spec,
      launcher,
      clock,
      restart,
      events: {
        changed: () => writeRun(runList(this.#all)),
        died: (exit, next) =>
          screen.note(
            `${spec.name} ${exitWords(exit)}; ${next === "again" ? "it starts again in a second." : "--no-restart leaves it so."}`,
          ),
      },
    });
  }

  async #begin(stage: StageSupervisor, signal: AbortSignal): Promise<void> {
    const ready = stage.start();
    stage.ended.catch((error: unknown) => {
      this.#failure ??= { error };
    });
    await Promise.race([ready, aborted(signal)]);
  }

  /** Waits a moment, asks all stages how they are, and shows it. */
  async #look(signal: AbortSignal): Promise<void> {
    const { clock, meter, book, screen } = this.#parts;
    await clock.sleep(LOOK_EVERY, signal);
    if (this.#failure !== null) throw this.#failure.error;
    await Promise.all(
      this.#all.map(async ({ spec, metrics, process }) => {
        const samples = metrics === null ? null : await meter(metrics);
        if (samples !== null && process !== null) book.note(spec.name, process.pid, samples);
      }),
    );
    const now = this.progress();
    screen.progress(progressLines(now), briefProgress(now));
  }
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const abort = (): void => reject(new RoadstreamError("aborted", "stopped"));
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
