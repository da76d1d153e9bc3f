import {
  millis,
  RoadstreamError,
  seconds,
  withDeadline,
  type Clock,
  type DurationMs,
  type Logger,
  type Metrics,
  type Random,
} from "@roadstream/shared";
import { runCheckpoints } from "./events/checkpoint-loop.ts";
import type { AgentVoice } from "./events/agent-voice.ts";
import type { Outbox, Source, SourceEvents } from "./ports.ts";
import type { ReadingIntake } from "./sources/reading-intake.ts";
import { superviseSource } from "./sources/supervisor.ts";
import type { Uplink } from "./uplink/uplink.ts";

/** Of the ten seconds that a clean stop may take: for sources to let go, and for the last words to get through. */
const SOURCES_STOP_LIMIT = seconds(2);
const LAST_WORDS_LIMIT = seconds(3);
const LOOK_EVERY = millis(50);

export interface AgentParts {
  readonly outbox: Outbox;
  readonly uplink: Uplink;
  readonly intake: ReadingIntake;
  readonly voice: AgentVoice;
  readonly sources: readonly { readonly source: Source; readonly time: "live" | "replay" }[];
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export interface AgentPlan {
  /** Sources stop after this; null: they run until they end or the agent is stopped. */
  readonly duration: DurationMs | null;
  readonly exitWhenDrained: boolean;
  /** What is said with `started`, without secrets. */
  readonly about: { readonly started: string; readonly config: string };
}

/**
 * The agent's life: says that it started, runs its sources and its uplink side by side, and ends when it is told to,
 * when its time is over, or when the outbox is empty; the last thing it says is a checkpoint.
 */
export class AgentRun {
  readonly #parts: AgentParts;
  readonly #plan: AgentPlan;

  constructor(parts: AgentParts, plan: AgentPlan) {
    this.#parts = parts;
    this.#plan = plan;
  }

  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    const { outbox, uplink, voice, clock } = this.#parts;
    const { duration, exitWhenDrained, about } = this.#plan;
    const ended = new AbortController();
    const background = AbortSignal.any([signal, ended.signal]);
    const uplinkStop = new AbortController();
    await voice.say({ kind: "started", detail: about.started });
    await voice.say({ kind: "config_applied", detail: about.config });
    const uplinkDone = uplink.run(uplinkStop.signal);
    const isConnected = (): boolean => uplink.isConnected;
    const checkpointsDone = runCheckpoints({ outbox, clock, isConnected, signal: background });
    ready();
    await this.#runSources(signal);
    if (exitWhenDrained) await this.#untilReadingsAreGone(signal);
    else if (duration === null) await aborted(signal);
    ended.abort();
    await checkpointsDone;
    await voice.say({ kind: "stopped", reason: signal.aborted ? "signal" : "finished" });
    await outbox.checkpoint("last");
    uplink.hurry();
    if (exitWhenDrained && !signal.aborted) await this.#untilEmpty(signal);
    else await this.#lastWords();
    uplinkStop.abort();
    await uplinkDone;
  }

  /** Until all have ended, the time is over, or the agent is told to stop. */
  async #runSources(signal: AbortSignal): Promise<void> {
    const { sources, intake, clock, logger } = this.#parts;
    const { duration } = this.#plan;
    const stop = new AbortController();
    const until = AbortSignal.any([signal, stop.signal]);
    const all = Promise.all(
      sources.map(({ source, time }) => this.#runSource(source, intake.sink(time), until)),
    );
    if (duration === null) await Promise.race([all, aborted(signal)]);
    else {
      // Without a source of its own, the given time is the agent's.
      const over = clock.sleep(duration, signal).catch(() => undefined);
      await (sources.length === 0 ? over : Promise.race([all, over]));
    }
    stop.abort();
    const letGo = async (): Promise<void> => {
      await all;
      await intake.durable();
    };
    try {
      await withDeadline(clock, SOURCES_STOP_LIMIT, "stop the sources", letGo);
    } catch {
      logger.warn("sources_stop_slowly", { limit_ms: SOURCES_STOP_LIMIT });
    }
  }

  async #runSource(source: Source, sink: SourceEvents, signal: AbortSignal): Promise<void> {
    const { clock, random, logger, metrics } = this.#parts;
    await superviseSource(source, sink, { clock, random, logger, metrics, signal });
    if (!signal.aborted) logger.info("source_ended", { source: source.name });
  }

  /** What the agent says of itself does not count: while checkpoints go on, there may always be some of it. */
  async #untilReadingsAreGone(signal: AbortSignal): Promise<void> {
    const { outbox } = this.#parts;
    await this.#until(signal, () =>
      outbox.series().every((view) => view.stream === "agent_events" || view.heldRunFrom(1) === null),
    );
  }

  async #untilEmpty(signal: AbortSignal): Promise<void> {
    await this.#until(signal, () => this.#parts.outbox.usage().records === 0);
  }

  async #until(signal: AbortSignal, isSo: () => boolean): Promise<void> {
    const { clock } = this.#parts;
    while (!isSo() && !signal.aborted) await clock.sleep(LOOK_EVERY, signal).catch(() => undefined);
  }

  /** Gives what is left a moment to get through to the broker; the rest is for the next start. */
  async #lastWords(): Promise<void> {
    const { clock, uplink } = this.#parts;
    if (!uplink.isConnected) return;
    const limit = new AbortController();
    void clock.sleep(LAST_WORDS_LIMIT, limit.signal).then(
      () => limit.abort(),
      () => undefined,
    );
    const { outbox } = this.#parts;
    await this.#until(limit.signal, () => outbox.usage().records <= uplink.awaited);
    limit.abort();
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

/** A signal that fires with `signal`, or when storage has failed for good. */
export class StorageAlarm {
  readonly #controller = new AbortController();
  #failure: unknown = null;

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  raise(failure: unknown): void {
    this.#failure ??= failure;
    this.#controller.abort();
  }

  /** Throws what failed, if anything did. */
  check(): void {
    if (this.#failure === null) return;
    throw new RoadstreamError("storage", "the outbox cannot be written or read any more", {
      cause: this.#failure,
      hint: "check the disk; the next start examines the file",
    });
  }
}
