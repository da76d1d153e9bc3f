import { setTimeout as sleep } from "node:timers/promises";
import type { Stage, StageExit } from "../processes/start-stage.ts";

const PAUSE_MS = 300;
/** What a stage says that was let down: on a busy machine a broker may take longer to answer than it waits. */
const LET_DOWN = /Kafka, |S3: |no answer/;
/** So often at most, where nothing is known to be away. */
const MAX_LET_DOWNS = 5;

/** A stage that is started again whenever it ends, as a service manager does, until it is told to stop. */
export class KeptProgram implements AsyncDisposable {
  readonly #start: (isFirst: boolean) => Promise<Stage>;
  readonly #mayFail: () => boolean;
  readonly #isDoomed: boolean;
  /** Rejects when it cannot be kept running; pends as long as all is well. */
  readonly failed: Promise<never>;
  readonly #running: Promise<void>;
  #stage: Stage | null = null;
  #isOver = false;
  #letDowns = 0;
  /** Ends by a signal. */
  killed = 0;
  /** Ends with an error of its own, in an outage of what it stands on. */
  gaveUp = 0;
  /** Stops that took longer than ten seconds: on a machine that is this busy they may, elsewhere there must be none. */
  slowStops = 0;

  constructor(options: {
    readonly start: (isFirst: boolean) => Promise<Stage>;
    /** Whether what it stands on is away, or was a moment ago. */
    readonly mayFail: () => boolean;
    /** The first start meets an end, perhaps before it is ready. */
    readonly isDoomed: boolean;
  }) {
    this.#start = options.start;
    this.#mayFail = options.mayFail;
    this.#isDoomed = options.isDoomed;
    this.#running = this.#run();
    this.failed = this.#running.then(() => new Promise<never>(() => undefined));
    this.failed.catch(() => undefined);
  }

  signal(name: NodeJS.Signals): void {
    this.#stage?.signal(name);
  }

  /** SIGTERM, and waits for a clean end. */
  async stop(): Promise<void> {
    this.#isOver = true;
    this.#stage?.signal("SIGCONT");
    this.#stage?.signal("SIGTERM");
    await this.#running;
  }

  /** SIGKILL, and it is not started again. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    this.#stage?.signal("SIGKILL");
    await this.#running.catch(() => undefined);
  }

  async #run(): Promise<void> {
    for (let isFirst = true; !this.#isOver; isFirst = false) {
      const end = await this.#live(isFirst);
      if (end === null) await sleep(PAUSE_MS);
      else if (end.signal !== null) this.killed += 1;
      else if (this.#isOver && end.code === 0) return;
      else if (this.#isOver && end.stderr.includes('"event":"stop_too_slow"')) {
        this.slowStops += 1;
        return;
      } else if (!this.#isOver && end.code === 1 && this.#wasLetDown(end.stderr)) this.gaveUp += 1;
      else throw new Error(`ended with ${end.code}: ${end.stderr}`);
    }
  }

  #wasLetDown(said: string): boolean {
    if (this.#mayFail()) return true;
    this.#letDowns += 1;
    return LET_DOWN.test(said) && this.#letDowns <= MAX_LET_DOWNS;
  }

  /** Null when it did not even become ready, which is no wonder in an outage, or where it was doomed. */
  async #live(isFirst: boolean): Promise<StageExit | null> {
    try {
      this.#stage = await this.#start(isFirst);
    } catch (error) {
      if (isFirst && this.#isDoomed) this.killed += 1;
      else if (!this.#isOver && !this.#wasLetDown(String(error))) throw error;
      return null;
    }
    // Told to stop while it was being started.
    if (this.#isOver) this.#stage.signal("SIGTERM");
    return this.#stage.exit;
  }
}
