import type { StreamName, SeqRange } from "@roadstream/shared";

/** Numbers of readings. given = landed + rejected + declared_gap + in_log + in_car + unknown + removed + lost. */
export interface Counts {
  given: number;
  landed: number;
  rejected: number;
  declared_gap: number;
  in_log: number;
  in_car: number;
  unknown: number;
  removed: number;
  /** Rows that no commit of ours brought. */
  foreign: number;
  lost: number;
  /** Rows beyond the first of each identity. */
  doubled: number;
}

export const noReadings = (): Counts => ({
  given: 0,
  landed: 0,
  rejected: 0,
  declared_gap: 0,
  in_log: 0,
  in_car: 0,
  unknown: 0,
  removed: 0,
  foreign: 0,
  lost: 0,
  doubled: 0,
});

export const addCounts = (into: Counts, more: Counts): void => {
  for (const key of Object.keys(into) as (keyof Counts)[]) into[key] += more[key];
};

export interface SeriesReport extends Counts {
  readonly vehicle_id: string;
  readonly boot_id: string;
  readonly stream: StreamName;
  /** The lost numbers. */
  readonly missing: readonly SeqRange[];
  /** Whether `given` is all that was ever given: false while the boot runs, and for ever when it was never closed. */
  readonly closed: boolean;
}

/** Up to when a vehicle's readings are accounted for. */
export interface VehicleReport {
  readonly vehicle_id: string;
  readonly complete_through: string | null;
  /** The end of what an outbox gave is not known and never will be: it was replaced before it said so. */
  readonly replaced_outboxes: number;
}

type ProblemCode =
  /** Named by the table's head, and not in the store. */
  | "files_missing"
  /** Acknowledged, then nowhere. */
  | "readings_lost"
  /** One identity, several rows. */
  | "rows_doubled"
  /** In the ledger, not among the rows. */
  | "rows_missing"
  /** Among the rows, not in the ledger, and no commit of another engine accounts for it. */
  | "rows_unknown"
  /** One way of counting rows finds fewer than another way lists. */
  | "rows_contradict"
  /** The ledger contradicts itself. */
  | "ledger_inconsistent"
  /** Main stands on an older snapshot than the table's offsets. */
  | "rolled_back";

/** A defect, for people. */
export interface Problem {
  readonly code: ProblemCode;
  readonly table: string;
  readonly message: string;
  /** Record ids or names, the first few. */
  readonly examples: readonly string[];
  readonly next: string;
}

export interface VerifyReport {
  /** Nothing lost, nothing doubled, and rows = the ledger's − removed + foreign in every table. */
  readonly clean: boolean;
  /** The earliest of the vehicles'; null when one cannot be judged yet. */
  readonly complete_through: string | null;
  readonly totals: Counts;
  readonly series: readonly SeriesReport[];
  readonly vehicles: readonly VehicleReport[];
  readonly problems: readonly Problem[];
}
