import { RoadstreamError, seconds, type Clock, type DurationMs } from "@roadstream/shared";
import type { StageSpec } from "../plan/stage-spec.ts";
import type { Launcher, StageExit, StageProcess, StageReady } from "../ports.ts";

/** A stage that died is started again after this. */
export const RESTART_AFTER = seconds(1);
/** So many starts in a row that died before they were ready: it will not come. */
export const MAX_FALSE_STARTS = 5;
/** A command line or setting that the stage cannot use: the next start would end the same way. */
const EXIT_USAGE = 2;

/**
 * The life of one stage:
 *
 *   starting ──▶ ready ──▶ ended        an agent whose work is done, or a stage that was stopped
 *      ▲  │        │
 *      │  └────────┴──▶ waiting ──▶ starting …   it died
 *      │                └──▶ dead                it died, and nobody starts it again
 */
export type StageState = "starting" | "ready" | "waiting" | "ended" | "dead";

interface SupervisorEvents {
  /** State, process or number of restarts is another than before. */
  changed(): void;
  died(exit: StageExit, next: "again" | "left"): void;
}

export interface SupervisorOptions {
  readonly spec: StageSpec;
  readonly launcher: Launcher;
  readonly clock: Clock;
  readonly restart: boolean;
  readonly events: SupervisorEvents;
}

export class StageSupervisor {
  readonly spec: StageSpec;
  readonly #options: SupervisorOptions;
  readonly #firstReady = Promise.withResolvers<void>();
  readonly #stop = new AbortController();
  readonly #starts: StageProcess[] = [];
  readonly #boots: string[] = [];
  #state: StageState = "starting";
  #metrics: string | null = null;
  #run: Promise<void> | null = null;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.spec = options.spec;
    // Whoever does not wait for readiness learns of a failure from `ended`.
    this.#firstReady.promise.catch(() => undefined);
  }

  get state(): StageState {
    return this.#state;
  }

  /** The process of the last start. */
  get process(): StageProcess | null {
    return this.#starts.at(-1) ?? null;
  }

  /** The process of each start, in order. */
  get starts(): readonly StageProcess[] {
    return this.#starts;
  }

  get restarts(): number {
    return Math.max(0, this.#starts.length - 1);
  }

  /** Where the running process tells its metrics; null while there is none. */
  get metrics(): string | null {
    return this.#state === "ready" ? this.#metrics : null;
  }

  /** Of all starts, in order. */
  get boots(): readonly string[] {
    return this.#boots;
  }

  /** Starts it; resolves when it is ready for the first time, rejects when it never will be. */
  start(): Promise<void> {
    if (this.#run === null) {
      this.#run = this.#live();
      // A failure is told to whoever asks by `ended`, also when nobody has asked yet.
      this.#run.catch(() => undefined);
    }
    return this.#firstReady.promise;
  }

  /** Resolves when it has ended for good; rejects when it cannot be started. */
  get ended(): Promise<void> {
    return this.#run ?? Promise.resolve();
  }

  /** Asks it to end, and after `limit` makes it end. */
  async stop(limit: DurationMs): Promise<void> {
    this.#stop.abort();
    const run = this.ended.catch(() => undefined);
    const process = this.process;
    if (process === null) return;
    process.signal("SIGTERM");
    const timer = new AbortController();
    void this.#options.clock.sleep(limit, timer.signal).then(
      () => process.signal("SIGKILL"),
      () => undefined,
    );
    await process.exited;
    timer.abort();
    await run;
    if (this.#state === "dead") this.#become("ended");
  }

  async #live(): Promise<void> {
    let falseStarts = 0;
    try {
      for (;;) {
        const { exit, wasReady } = await this.#oneStart();
        const isDone = this.spec.life === "ends" && exit.code === 0;
        if (isDone || this.#stop.signal.aborted) return this.#become("ended");
        falseStarts = wasReady ? 0 : falseStarts + 1;
        if ((exit.code === EXIT_USAGE && !wasReady) || falseStarts >= MAX_FALSE_STARTS)
          throw this.#cannotStart();
        this.#options.events.died(exit, this.#options.restart ? "again" : "left");
        if (!this.#options.restart) return this.#become("dead");
        this.#become("waiting");
        await this.#options.clock.sleep(RESTART_AFTER, this.#stop.signal).catch(() => undefined);
        if (this.#stop.signal.aborted) return this.#become("ended");
      }
    } catch (error) {
      this.#become("dead");
      this.#firstReady.reject(error);
      throw error;
    } finally {
      this.#firstReady.reject(
        new RoadstreamError("unavailable", `${this.spec.name} ended before it was ready`),
      );
    }
  }

  async #oneStart(): Promise<{ readonly exit: StageExit; readonly wasReady: boolean }> {
    const process = this.#options.launcher.launch(this.spec.name, this.spec.argv());
    this.#starts.push(process);
    this.#become("starting");
    const ready = process.ready.then((said) => {
      if (said !== null) this.#isReady(said);
      return said !== null;
    });
    const exit = await process.exited;
    return { exit, wasReady: await ready };
  }

  #isReady({ metrics, bootId }: StageReady): void {
    this.#metrics = metrics;
    if (bootId !== null) this.#boots.push(bootId);
    this.#become("ready");
    this.#firstReady.resolve();
  }

  #become(state: StageState): void {
    this.#state = state;
    this.#options.events.changed();
  }

  #cannotStart(): RoadstreamError {
    return new RoadstreamError("unavailable", `${this.spec.name} does not start`, {
      hint: this.process?.lastWords() ?? "it said nothing",
    });
  }
}
