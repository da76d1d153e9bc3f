import type { Checkpoint } from "@roadstream/shared";
import { emptySeries, mergeSeries, seriesText, type SeriesKey, type SeriesRanges } from "./series-ranges.ts";

/** How far each topic reached, by partition, when a checkpoint had landed in a batch and before it was committed. */
export type TopicEnds = Readonly<Record<string, readonly number[]>>;

/** The newest checkpoint of one outbox: up to here `verify` can judge the vehicle. */
export interface CheckpointMark {
  readonly vehicleId: string;
  readonly bootId: string;
  readonly seq: number;
  readonly logOffset: number;
  readonly checkpoint: Checkpoint;
  /** All topics' ends, read after this record: what the checkpoint speaks of lies below them. */
  readonly ends: TopicEnds;
}

/** Records of one log partition by what became of them: received = landed + doubled + rejected. */
export interface LedgerCounts {
  received: number;
  landed: number;
  doubled: number;
  rejected: number;
}

export const noCounts = (): LedgerCounts => ({ received: 0, landed: 0, doubled: 0, rejected: 0 });

/** What one commit adds to the ledger of one log partition. */
export class LedgerDelta {
  readonly series = new Map<string, SeriesRanges>();
  /** Retired series that spoke again, whole. */
  readonly recalled = new Set<string>();
  /** In log order; only of the dead_letters table. */
  readonly deadLetterIds: string[] = [];
  /** Only of agent_events. */
  readonly checkpoints: CheckpointMark[] = [];
  readonly counts: LedgerCounts = noCounts();

  of(key: SeriesKey): SeriesRanges {
    const text = seriesText(key);
    const found = this.series.get(text);
    if (found !== undefined) return found;
    const made = emptySeries(key);
    this.series.set(text, made);
    return made;
  }

  reject(key: SeriesKey, from: number, to: number): void {
    this.of(key).rejected.add(from, to);
  }

  /** A retired series that spoke again: all its ranges come back with this commit. */
  recall(archived: SeriesRanges): void {
    mergeSeries(this.of(archived), archived);
    this.recalled.add(seriesText(archived));
  }
}
