import {
  isRoadstreamError,
  millis,
  RECONNECT_SCHEDULE,
  retryIntervals,
  type Clock,
  type DurationMs,
  type Logger,
  type Metrics,
  type OpenByteChannel,
  type Random,
  type UptimeMillis,
} from "@roadstream/shared";
import type { SampledReadingOf, Source, SourceEvents } from "../ports.ts";
import { closeInTime, openInTime } from "../sources/channel-deadline.ts";
import { OpenComplaint } from "../sources/open-complaint.ts";
import { CarPoller } from "./car-poller.ts";
import { discoverPids } from "./discovery.ts";
import { ElmLink } from "./elm-link.ts";
import { ElmSession, type SessionEnd } from "./elm-session.ts";
import { obdCounters, type ObdCounters } from "./obd-counters.ts";
import {
  ParkedCarWatch,
  PARKED_PROBES,
  SILENT_PROBES,
  voltageWakes,
  VOLTAGE_WATCH,
  type Patience,
} from "./parked-car.ts";
import { CYCLE_MS } from "./polling-plan.ts";
import { ValueBook } from "./value-book.ts";
import { vehicleColumns, type CarDescription, type Position } from "./vehicle-columns.ts";

type VehicleReading = SampledReadingOf<"vehicle_data">;
export type ReadingStamp = Pick<VehicleReading, "capturedAt" | "clock" | "clockErrorMs" | "uptime">;

export interface ObdSourceOptions {
  readonly open: OpenByteChannel;
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly car: CarDescription;
  /** The position of a fix younger than 5 s, else null. */
  readonly lastFix: () => Position | null;
  /** The time of what was measured at that uptime; by default the machine's clock is left to judge. */
  readonly stamp?: (measuredAt: UptimeMillis) => ReadingStamp;
  readonly cycle?: DurationMs;
  /** The monotonic time in which the car lives, where it is not the machine's. */
  readonly carTime?: () => UptimeMillis;
  /** Waits for the next cycle instead of until `cycle` after the last one began: for a car that lives in a faster time. */
  readonly nextCycle?: (signal: AbortSignal) => Promise<void>;
}

/** Restarts of an adapter that resets itself, without one reading between, before its channel is opened anew. */
const RESTARTS_WITHOUT_READING = 3;

type LostReason =
  | "open_failed"
  | "channel_lost"
  | "adapter_unresponsive"
  | "adapter_resets"
  | "car_parked"
  | "car_silent";
/** A parked car is no fault. */
const REST_REASONS: ReadonlySet<LostReason> = new Set(["car_parked", "car_silent"]);
type Rest = { readonly kind: "parked" | "silent"; readonly used: boolean };

/** Readings of vehicle_data from a car behind an ELM327 adapter, one per polling cycle while the car is in use. */
export class ObdSource implements Source {
  readonly name = "obd";
  readonly #options: ObdSourceOptions;
  readonly #counters: ObdCounters;
  readonly #complaint: OpenComplaint;
  readonly #stamp: (measuredAt: UptimeMillis) => ReadingStamp;
  /** Null: delivering, or not yet tried. */
  #lost: LostReason | null = null;
  #readings = 0;

  constructor(options: ObdSourceOptions) {
    this.#options = options;
    this.#counters = obdCounters(options.metrics);
    this.#complaint = new OpenComplaint(this.name, options.logger);
    this.#stamp =
      options.stamp ?? ((uptime) => ({ capturedAt: null, clock: "unsynced", clockErrorMs: null, uptime }));
  }

  async run(sink: SourceEvents, signal: AbortSignal): Promise<"ended"> {
    const { clock, random } = this.#options;
    let waits = retryIntervals(RECONNECT_SCHEDULE, random);
    while (!signal.aborted) {
      const readingsBefore = this.#readings;
      try {
        await this.#useChannel(sink, signal);
        if (this.#readings > readingsBefore) waits = retryIntervals(RECONNECT_SCHEDULE, random);
        await clock.sleep(waits.next().value, signal);
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    }
    return "ended";
  }

  /** Opens the channel, uses it until it is of no more use, closes it. */
  async #useChannel(sink: SourceEvents, signal: AbortSignal): Promise<void> {
    const { clock, open } = this.#options;
    let channel;
    try {
      channel = await openInTime(this.#device, open, signal);
    } catch (error) {
      if (signal.aborted || !isRoadstreamError(error) || !error.retryable) throw error;
      this.#complaint.failed(error);
      this.#tellLost(sink, "open_failed");
      return;
    }
    this.#complaint.opened();
    const stop = new AbortController();
    const onAbort = (): void => stop.abort();
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) stop.abort();
    const link = new ElmLink({ channel, clock, counters: this.#counters, signal: stop.signal });
    const receiving = link.receive();
    try {
      const reason = await this.#useAdapter(link, sink, stop.signal);
      this.#counters.sessions.add(1, { end: link.lost ? "channel_lost" : reason });
      this.#tellLost(sink, link.lost ? "channel_lost" : reason);
    } finally {
      signal.removeEventListener("abort", onAbort);
      stop.abort();
      await closeInTime(this.#device, async () => {
        await channel[Symbol.asyncDispose]();
        await receiving;
      });
    }
  }

  get #device(): Parameters<typeof closeInTime>[0] {
    return { source: this.name, clock: this.#options.clock, logger: this.#options.logger };
  }

  /** Sessions on one channel; returns why it should be opened anew. */
  async #useAdapter(link: ElmLink, sink: SourceEvents, signal: AbortSignal): Promise<LostReason> {
    let restarts = 0;
    while (restarts < RESTARTS_WITHOUT_READING) {
      const readingsBefore = this.#readings;
      const session = new ElmSession({ link, counters: this.#counters });
      const ready = await session.initialise();
      const end = ready === "ready" ? await this.#useCar(session, sink, signal) : ready;
      if (end === "unresponsive") return "adapter_unresponsive";
      this.#counters.sessions.add(1, { end });
      restarts = this.#readings > readingsBefore ? 0 : restarts + 1;
    }
    return "adapter_resets";
  }

  /** Polls while the car is in use, rests while it is not. */
  async #useCar(session: ElmSession, sink: SourceEvents, signal: AbortSignal): Promise<SessionEnd> {
    const book = new ValueBook();
    let patience: Patience = "full";
    let kind: Rest["kind"] | null = null;
    let probes = retryIntervals(SILENT_PROBES, this.#options.random);
    // Kept from one rest to the next: a start during the probe between them must not be missed.
    const seen: { volts: number | null } = { volts: null };
    for (;;) {
      const stretch = await this.#poll({ session, sink, signal, book, patience });
      if (typeof stretch === "string") return stretch;
      if (stretch.used || stretch.kind !== kind) {
        probes = retryIntervals(
          stretch.kind === "parked" ? PARKED_PROBES : SILENT_PROBES,
          this.#options.random,
        );
      }
      if (stretch.used) seen.volts = null;
      kind = stretch.kind;
      this.#counters.sleeps.add();
      this.#tellLost(sink, kind === "parked" ? "car_parked" : "car_silent");
      const wake = await this.#rest({ session, limit: probes.next().value, signal, seen });
      if (wake === "unresponsive" || wake === "reset") return wake;
      patience = wake === "voltage" ? "full" : "none";
    }
  }

  /** Discovers and polls until the car rests or the session ends. */
  async #poll(stretch: {
    readonly session: ElmSession;
    readonly sink: SourceEvents;
    readonly signal: AbortSignal;
    readonly book: ValueBook;
    readonly patience: Patience;
  }): Promise<Rest | SessionEnd> {
    const { clock } = this.#options;
    const carTime = this.#options.carTime ?? (() => clock.uptime());
    const { session, book } = stretch;
    const found = await discoverPids(session, this.#counters);
    if (found.kind === "silent") return { kind: "silent", used: false };
    if (found.kind !== "supported") return found.kind;
    const { pids: supported } = found;
    const poller = new CarPoller({ session, clock, carTime, counters: this.#counters, book, supported });
    const watch = new ParkedCarWatch({ patience: stretch.patience });
    let used = false;
    for (;;) {
      const [start, askedFrom] = [clock.uptime(), carTime()];
      const { answered, measuredAt, speedBetween, end } = await poller.cycle();
      if (end !== null) return end;
      const page = book.asOf(askedFrom);
      const use = watch.observe({
        at: measuredAt,
        answered,
        speedKmh: page.number("speed_kmh"),
        engineRpm: page.number("engine_rpm"),
        voltageV: page.number("adapter_v") ?? page.number("battery_v"),
      });
      this.#counters.cycles.add(1, { result: answered ? use : "unanswered" });
      if (use !== "in_use") return { kind: use, used };
      if (answered) {
        used = true;
        await this.#emit(stretch.sink, {
          stream: "vehicle_data",
          ...this.#stamp(measuredAt),
          ...(speedBetween !== null && { speedBetween }),
          columns: vehicleColumns(page, this.#options.car, this.#options.lastFix()),
        });
      }
      await this.#nextCycle(start, stretch.signal);
    }
  }

  async #nextCycle(start: UptimeMillis, signal: AbortSignal): Promise<void> {
    const { clock, cycle = millis(CYCLE_MS), nextCycle } = this.#options;
    if (nextCycle !== undefined) return nextCycle(signal);
    const left = start + cycle - clock.uptime();
    if (left > 0) await clock.sleep(millis(left), signal);
  }

  async #emit(sink: SourceEvents, reading: VehicleReading): Promise<void> {
    if (this.#lost !== null) {
      this.#lost = null;
      this.#options.logger.info("source_back", { source: this.name });
      sink.back(this.name);
    }
    await sink.reading(reading);
    this.#readings += 1;
    this.#counters.readings.add();
  }

  /** Leaves the bus alone until the voltage tells of a start, or it is time to look. */
  async #rest(rest: {
    readonly session: ElmSession;
    readonly limit: DurationMs;
    readonly signal: AbortSignal;
    readonly seen: { volts: number | null };
  }): Promise<"voltage" | "probe" | SessionEnd> {
    const { session, limit, signal, seen } = rest;
    const { clock } = this.#options;
    const end = clock.uptime() + limit;
    for (;;) {
      const volts = await session.voltage();
      if (volts === "unresponsive" || volts === "reset") return volts;
      const wakes = voltageWakes(seen.volts, volts);
      seen.volts = volts ?? seen.volts;
      if (wakes) return "voltage";
      const left = end - clock.uptime();
      if (left <= 0) return "probe";
      await clock.sleep(millis(Math.min(VOLTAGE_WATCH, left)), signal);
    }
  }

  #tellLost(sink: SourceEvents, reason: LostReason): void {
    if (reason !== this.#lost) {
      const level = REST_REASONS.has(reason) ? "info" : "warn";
      this.#options.logger[level]("source_lost", { source: this.name, reason });
    }
    if (this.#lost === null) sink.lost(this.name, reason);
    this.#lost = reason;
  }
}
