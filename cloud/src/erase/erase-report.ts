import type { TableName } from "@roadstream/shared";

export interface ErasedTable {
  readonly table: TableName;
  /** Rows that went, or in a dry run would go; with this run, not with an earlier one. */
  readonly rows: number;
  readonly files_rewritten: number;
  readonly files_dropped: number;
  /** Series of the vehicle whose numbers stay as tombstones. */
  readonly series: number;
  readonly snapshots_expired: number;
  /** Data files, manifests and ledger files. */
  readonly objects_deleted: number;
  /** What a second look found, when all was done. */
  readonly remaining: {
    /** Of the vehicle in the table now: they landed since. */
    readonly rows: number;
    /** Log partitions whose ledger knows it: also of readings that were refused since. */
    readonly ledgers: number;
    /** Data files that another branch or a tag of the table keeps, and objects that came or would not go. */
    readonly objects: number;
  };
}

export interface ErasedPictures {
  readonly deleted: number;
  readonly remaining: number;
}

/** A type and not an interface: it is printed as one JSON object. */
export type EraseReport = {
  /** Nothing remains in the lake; or nothing was to be changed. */
  readonly ok: boolean;
  readonly dry_run: boolean;
  readonly vehicle_id: string;
  readonly tables: readonly ErasedTable[];
  readonly pictures: ErasedPictures;
  /** What a look cannot see, because it is not there yet; empty in a dry run. */
  readonly may_still_come: readonly string[];
  readonly not_erased_here: readonly string[];
};

/** Nobody can look at what is not there yet: none of it lands, but it may lie in the store. */
export const MAY_STILL_COME: readonly string[] = [
  "from work that was under way in this lake when this run began and has not ended (cloud run, cloud compact and others): it can no longer land, and the process removes what it put as soon as it learns so",
  "from such a process that is killed, fails or may not delete before it has: what it put stays, with rows of the vehicle. Once all work of before has ended, run this erasure again, which finds it at once; cloud orphans --remove takes it when it is three days old",
];

/** Copies that are out of this command's reach. */
export const ERASED_ELSEWHERE: readonly string[] = [
  "the event log (readings, dead letters, receipts): its records go by its own retention; what has landed of them does not land again",
  "the car: what its outbox still holds, it sends; stop it or revoke its certificate first",
  "a warehouse that cloud load fills: its rows go with its next load; other copies, exports and query results (Athena keeps them in a bucket of its own) do not",
  "local copies of a lake on S3 on other machines that read it (ROADSTREAM_LAKE_CACHE): remove that folder there",
  "manifests of commits of other engines (Spark, Trino) that failed or were expired, which may bound a file by its name: cloud orphans --remove takes them when they are three days old, before that such an engine may still use them",
  "older versions of objects, where the bucket keeps versions, replicas or backups",
];

/** One table's line for people; a type, since a printed row's keys are any. */
export type ErasedLine = {
  readonly table: string;
  readonly rows: number;
  readonly files: number;
  readonly series: number;
  readonly snapshots: number;
  readonly objects: number;
  readonly remaining: number;
};

export const erasedLine = (one: ErasedTable): ErasedLine => ({
  table: one.table,
  rows: one.rows,
  files: one.files_rewritten + one.files_dropped,
  series: one.series,
  snapshots: one.snapshots_expired,
  objects: one.objects_deleted,
  remaining: one.remaining.rows + one.remaining.ledgers + one.remaining.objects,
});

/** What it comes to, in sentences. */
export const eraseNote = (report: EraseReport): string => {
  const { vehicle_id: vehicle, tables, pictures, dry_run: isDryRun } = report;
  const sum = (of: (one: ErasedTable) => number): number => tables.reduce((all, one) => all + of(one), 0);
  const rows = sum((one) => one.rows);
  const lines = [
    isDryRun
      ? `${vehicle}: ${rows} rows and ${pictures.deleted} pictures would be erased. Nothing was changed.`
      : `${vehicle}: ${rows} rows and ${pictures.deleted} pictures are erased.`,
  ];
  const landed = sum((one) => one.remaining.rows);
  const judged = sum((one) => one.remaining.ledgers);
  const objects = sum((one) => one.remaining.objects) + pictures.remaining;
  if (landed > 0)
    lines.push(
      `${landed} rows of it have landed meanwhile: once the car has stopped sending, erase it again.`,
    );
  else if (judged > 0)
    lines.push("Readings of it were refused meanwhile: once the car has stopped sending, erase it again.");
  if (objects > 0)
    lines.push(
      `${objects} objects with rows of it remain. If a branch or a tag of the table keeps them, drop it with the engine that made it; if work is still putting them, let it end. Then erase again.`,
    );
  if (!isDryRun && report.ok)
    lines.push("A second look at all of the store found nothing of it in the lake.");
  if (report.may_still_come.length > 0)
    lines.push("May still come:", ...report.may_still_come.map((text) => `  ${text}`));
  lines.push("Not erased here:", ...report.not_erased_here.map((text) => `  ${text}`));
  return lines.join("\n");
};
