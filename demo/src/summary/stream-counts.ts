import { STREAM_NAMES, type StreamName } from "@roadstream/shared";
import type { VerifyReport } from "./verify-report.ts";

/** Of one stream: what became of the readings of the boots asked about. */
export interface StreamCounts {
  readonly captured: number;
  readonly acknowledged: number;
  readonly landed: number;
  readonly rejected: number;
  readonly declared_gap: number;
  readonly lost: number;
  readonly doubled: number;
}

const NONE: StreamCounts = {
  captured: 0,
  acknowledged: 0,
  landed: 0,
  rejected: 0,
  declared_gap: 0,
  lost: 0,
  doubled: 0,
};

/**
 * Per stream, for these boots of the agents. Captured is what got a number in the outbox. The outbox lets go of a number
 * only on acknowledgement or as a declared gap, so what it neither holds nor dropped was acknowledged.
 */
export const streamCounts = (
  report: VerifyReport,
  boots: ReadonlySet<string>,
): Readonly<Record<StreamName, StreamCounts>> => {
  const of = (stream: StreamName): StreamCounts =>
    report.series
      .filter((series) => series.stream === stream && boots.has(series.boot_id))
      .reduce(
        (sum, series) => ({
          captured: sum.captured + series.given,
          acknowledged: sum.acknowledged + series.given - series.in_car - series.declared_gap,
          landed: sum.landed + series.landed,
          rejected: sum.rejected + series.rejected,
          declared_gap: sum.declared_gap + series.declared_gap,
          lost: sum.lost + series.lost,
          doubled: sum.doubled + series.doubled,
        }),
        NONE,
      );
  return Object.fromEntries(STREAM_NAMES.map((stream) => [stream, of(stream)])) as Record<
    StreamName,
    StreamCounts
  >;
};
