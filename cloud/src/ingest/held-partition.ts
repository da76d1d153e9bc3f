import type { PartitionLedger } from "../ledger/partition-ledger.ts";
import type { PartitionState } from "../ports.ts";

/**
 * One log partition of one table while this worker has it. A new object for each assignment, so that what was begun
 * for an older one cannot touch it.
 */
export interface HeldPartition {
  readonly partition: number;
  /** As the table has it; null when the table knows nothing of the partition yet. */
  state: PartitionState | null;
  ledger: PartitionLedger;
  /** The offset after the last record taken into a batch. */
  readTo: number;
  /**
   * Where reading must begin (again); applied between two polls only, so that nothing read before it can slip in
   * after it. Null while reading goes on.
   */
  seekTo: number | null;
  /** False until the consumer was told where to begin: what arrives earlier was read for somebody else. */
  isReading: boolean;
  /** Where a hole was found last, in a log that has none: the second time at one place the log itself lacks records. */
  holeAt: number | null;
  isPaused: boolean;
}
