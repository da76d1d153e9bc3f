import { RoadstreamError, type Clock, type Logger, type OpenByteChannel } from "@roadstream/shared";
import type { Bench } from "./bench.ts";
import { control } from "./control-line.ts";
import { serveLine, type LineCounts } from "./serve-line.ts";

export interface BenchReport {
  readonly gps: LineCounts;
  readonly obd: LineCounts;
  readonly trip_s: number;
  readonly distance_km: number;
  readonly fuel_used_l: number;
}

/** Serves one bench on lines until its trip is over or the signal fires, while control lines turn its knobs. */
export const serveBench = async (
  options: {
    readonly bench: Bench;
    readonly gpsLine: OpenByteChannel | null;
    readonly obdLine: OpenByteChannel | null;
    readonly commands: AsyncIterable<string>;
    readonly reply: (text: string) => void;
    readonly clock: Clock;
    readonly logger: Logger;
  },
  signal: AbortSignal,
): Promise<BenchReport> => {
  const { bench, gpsLine, obdLine, clock, logger } = options;
  if (gpsLine === null && obdLine === null) {
    throw new RoadstreamError("usage", "nothing to serve: give --gps-pty or --obd-pty");
  }
  const gps: LineCounts = { sentBytes: 0, droppedBytes: 0 };
  const obd: LineCounts = { sentBytes: 0, droppedBytes: 0 };
  const obey = async (): Promise<void> => {
    for await (const line of options.commands) {
      const outcome = control(bench, line);
      options.reply(`${outcome.ok ? "ok" : "error"} ${line.trim()}: ${outcome.said}\n`);
      logger.debug("bench_control", { line: line.trim(), ok: outcome.ok });
    }
  };
  // The end of the control lines is not the end of the trip; their failure is.
  const obeying = obey().then(() => new Promise<never>(() => undefined));
  const serving: Promise<void>[] = [];
  if (gpsLine !== null)
    serving.push(serveLine({ device: bench.gps.open, line: gpsLine, clock, counts: gps }, signal));
  if (obdLine !== null)
    serving.push(serveLine({ device: bench.openObd, line: obdLine, clock, counts: obd }, signal));
  await Promise.race([Promise.all(serving), obeying]);
  const tripS = bench.time.tripS();
  const truth = bench.trip.truth(tripS);
  return { gps, obd, trip_s: tripS, distance_km: truth.distanceKm, fuel_used_l: truth.fuelUsedL };
};
