import type { SeqRun } from "../ports.ts";

/** `live`: what was accepted since the connection stands; `backfill`: everything before. */
export type Lane = "live" | "backfill";

/** One publish, kept as it is until it is acknowledged: sent again, it is the same bytes. */
export interface Batch {
  readonly lane: Lane;
  readonly run: SeqRun;
  readonly topic: string;
  readonly payload: Uint8Array;
  /** The machine's uptime when it was built. */
  readonly builtAt: number;
}

export const batchRecords = ({ run }: Batch): number => run.lastSeq - run.firstSeq + 1;
