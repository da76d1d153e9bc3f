import {
  isRoadstreamError,
  RECONNECT_SCHEDULE,
  retryIntervals,
  seconds,
  type Clock,
  type ClockSource,
  type DurationMs,
  type Logger,
  type Metrics,
  type OpenByteChannel,
  type Random,
} from "@roadstream/shared";
import { carriedTo, type MachineTime } from "../clock/vouched-time.ts";
import type { Epoch } from "../nmea/epoch.ts";
import { fixOf, reportsFix } from "../nmea/fix.ts";
import { ReceiverCalendar } from "../nmea/receiver-calendar.ts";
import type { Source, SourceEvents } from "../ports.ts";
import { GpsMetrics } from "./gps-metrics.ts";
import { gpsReading } from "./gps-reading.ts";
import { GpsSession, type SessionEnd } from "./gps-session.ts";
import { closeInTime, openInTime } from "../sources/channel-deadline.ts";
import { OpenComplaint } from "../sources/open-complaint.ts";
import { ReceiverTimeTrust } from "./receiver-time-trust.ts";

/** The slowest usual receiver speaks once in a second or two; a silent port may be an unplugged one that does not say so. */
export const GPS_SILENCE = seconds(10);

export interface GpsSourceOptions {
  readonly open: OpenByteChannel;
  /** `replay`: a capture, read at full speed, one row per epoch, and the source ends with it. */
  readonly mode: "live" | "replay";
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** The machine's own time of now where something vouches for it, nothing of this receiver's in it; null otherwise. */
  readonly machineTime: () => MachineTime | null;
  /** What plausible receiver times count as: `simulated` behind the bench. */
  readonly clockName?: Extract<ClockSource, "gnss" | "simulated">;
  readonly vehicleType?: string | null;
  /** A channel without a sentence for so long is replaced. */
  readonly silence?: DurationMs;
}

const unlessAborted = (error: unknown): void => {
  if (!isRoadstreamError(error, "aborted")) throw error;
};

/** Rows of gps_data from a receiver that may come and go. */
export class GpsSource implements Source {
  readonly name = "gps";
  readonly #options: GpsSourceOptions;
  readonly #calendar = new ReceiverCalendar();
  readonly #trust: ReceiverTimeTrust;
  readonly #metrics: GpsMetrics;
  readonly #complaint: OpenComplaint;
  #isLost = false;

  constructor(options: GpsSourceOptions) {
    this.#options = options;
    this.#trust = new ReceiverTimeTrust(options.mode);
    this.#metrics = new GpsMetrics(options.metrics);
    this.#complaint = new OpenComplaint(this.name, options.logger);
  }

  async run(sink: SourceEvents, signal: AbortSignal): Promise<"ended"> {
    const { clock, random } = this.#options;
    let waits = retryIntervals(RECONNECT_SCHEDULE, random);
    while (!signal.aborted) {
      const end = await this.#session(sink, signal);
      if (end.why === "ended") break;
      this.#lose(sink, end.reason);
      // A capture that is read again from its start would give every row once more.
      if (this.#options.mode === "replay") break;
      if (end.spoke) waits = retryIntervals(RECONNECT_SCHEDULE, random);
      await clock.sleep(waits.next().value, signal).catch(unlessAborted);
    }
    return "ended";
  }

  /** One channel from its opening to its end. */
  async #session(sink: SourceEvents, signal: AbortSignal): Promise<SessionEnd> {
    const { open, mode, clock, logger, silence } = this.#options;
    const device = { source: this.name, clock, logger };
    this.#metrics.restart();
    let channel;
    try {
      channel = await openInTime(device, open, signal);
    } catch (error) {
      if (signal.aborted) return { why: "ended" };
      if (mode === "replay" || !isRoadstreamError(error)) throw error;
      this.#complaint.failed(error);
      return { why: "lost", reason: "open_failed", spoke: false };
    }
    this.#complaint.opened();
    const session = new GpsSession({
      channel,
      clock,
      mode,
      silence: silence ?? GPS_SILENCE,
      onSentence: () => this.#find(sink),
      onEpoch: (epoch) => this.#take(epoch, sink),
      onCounts: (counts) => this.#metrics.report(counts),
    });
    try {
      return await session.run(signal);
    } finally {
      await closeInTime(device, async () => channel[Symbol.asyncDispose]());
    }
  }

  async #take(epoch: Epoch, sink: SourceEvents): Promise<void> {
    const fixAt = this.#calendar.timeOf(epoch);
    if (!reportsFix(epoch)) return;
    const { clock, clockName = "gnss", vehicleType = null } = this.#options;
    const fix = fixOf(epoch);
    const { uptime } = epoch;
    const machineTime = carriedTo(uptime, this.#options.machineTime(), clock.uptime());
    const isTrusted =
      fixAt !== null && this.#trust.accepts({ at: fixAt, uptime, hasFix: fix.kind !== "none", machineTime });
    this.#metrics.reading(fix);
    await sink.reading(
      gpsReading({ fix, fixAt, uptime, trustedAs: isTrusted ? clockName : null, vehicleType }),
    );
  }

  #lose(sink: SourceEvents, reason: string): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.#options.logger.warn("source_lost", { source: this.name, reason });
    sink.lost(this.name, reason);
  }

  #find(sink: SourceEvents): void {
    if (!this.#isLost) return;
    this.#isLost = false;
    this.#options.logger.info("source_back", { source: this.name });
    sink.back(this.name);
  }
}
