import { isoTime, type Logger, type Metrics, type StreamName } from "@roadstream/shared";
import type { BestClock } from "../clock/best-clock.ts";
import { encodeReading, type TimeKind } from "../outbox/encode-reading.ts";
import type { EncodedReading, Outbox, SampledReading, SourceEvents } from "../ports.ts";
import type { AgentVoice } from "../events/agent-voice.ts";
import type { IncidentWatch } from "./incident-watch.ts";
import type { LastFix } from "./last-fix.ts";

/** Readings between a source and the disk: enough for a group commit, few to lose with the power. */
export const MAX_ON_THE_WAY = 256;

export interface IntakeOptions {
  readonly outbox: Outbox;
  readonly bestClock: BestClock;
  readonly lastFix: LastFix;
  /** Null: nothing is read out of what others measure. */
  readonly incidents: IncidentWatch | null;
  readonly voice: AgentVoice;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/**
 * Takes what sources measure into the outbox: fills in time and position where the source knows none, reads incidents out
 * of it, checks it, and holds a source back while too much is on its way. received = accepted + refused + on the way.
 */
export class ReadingIntake {
  readonly #options: IntakeOptions;
  readonly #received;
  readonly #accepted;
  readonly #refused;
  readonly #onTheWay = new Set<Promise<unknown>>();

  constructor(options: IntakeOptions) {
    this.#options = options;
    const name = (what: string): string => `roadstream_agent_readings_${what}_total`;
    this.#received = options.metrics.counter(name("received"), "Readings that sources gave.", ["stream"]);
    this.#accepted = options.metrics.counter(name("accepted"), "Readings now in the outbox.", ["stream"]);
    this.#refused = options.metrics.counter(name("refused"), "Readings not kept, by reason.", [
      "stream",
      "reason",
    ]);
  }

  /** What a source talks to. A replay's readings are of another time: nothing of now is filled in or learned. */
  sink(time: "live" | "replay"): SourceEvents {
    const { voice } = this.#options;
    return {
      reading: async (reading) => {
        void this.#take(reading, time);
        while (this.#onTheWay.size >= MAX_ON_THE_WAY) await Promise.race(this.#onTheWay);
      },
      keep: (reading) => this.#take(reading, time),
      lost: (source, reason) => void this.#track(voice.say({ kind: "source_lost", reason, detail: source })),
      back: (source) => void this.#track(voice.say({ kind: "source_back", detail: source })),
    };
  }

  /** Resolves when everything taken so far is durable or refused. */
  async durable(): Promise<void> {
    await Promise.all(this.#onTheWay);
  }

  #take(reading: SampledReading, time: "live" | "replay"): Promise<"kept" | "refused"> {
    const { incidents, lastFix } = this.#options;
    if (time === "live") this.#learn(reading);
    const whole = time === "live" ? this.#fill(reading) : reading;
    lastFix.observe(whole);
    const taken = this.#accept(whole, time === "live" ? "correctable" : "fixed");
    for (const incident of incidents?.observe(whole) ?? [])
      void this.#accept(this.#fill(incident), "correctable");
    return taken;
  }

  #learn(reading: SampledReading): void {
    const { bestClock, voice } = this.#options;
    const change = bestClock.learn(reading);
    const known = change === null ? null : bestClock.at(reading.uptime);
    if (change === null || known === null) return;
    const detail = JSON.stringify({
      uptime_ms: Math.trunc(reading.uptime),
      utc: isoTime(known.at),
      clock: known.clock,
    });
    void this.#track(voice.say({ kind: "clock_corrected", reason: change, detail }));
  }

  #fill(reading: SampledReading): SampledReading {
    const { bestClock, lastFix } = this.#options;
    const timed = reading.capturedAt === null ? { ...reading, ...bestClock.stamp(reading.uptime) } : reading;
    if (!("latitude" in timed.columns) || timed.stream === "gps_data") return timed;
    if (timed.columns.latitude !== null) return timed;
    const fix = lastFix.at(reading.uptime);
    return fix === null ? timed : ({ ...timed, columns: { ...timed.columns, ...fix } } as SampledReading);
  }

  #accept(reading: SampledReading, time: TimeKind): Promise<"kept" | "refused"> {
    const { stream } = reading;
    this.#received.add(1, { stream });
    const outcome = encodeReading(reading, time);
    if (outcome.ok) return this.#track(this.#store(stream, outcome.encoded));
    this.#refused.add(1, { stream, reason: outcome.reason });
    this.#options.logger.warn("reading_refused", { stream, column: outcome.column, reason: outcome.reason });
    return Promise.resolve("refused");
  }

  async #store(stream: StreamName, encoded: EncodedReading): Promise<"kept" | "refused"> {
    const outcome = await this.#options.outbox.accept(encoded);
    if ("seq" in outcome) this.#accepted.add(1, { stream });
    else this.#refused.add(1, { stream, reason: outcome.refused });
    return "seq" in outcome ? "kept" : "refused";
  }

  #track<T>(work: Promise<T>): Promise<T> {
    const tracked = work.finally(() => this.#onTheWay.delete(tracked));
    this.#onTheWay.add(tracked);
    return tracked;
  }
}
