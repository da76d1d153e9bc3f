import type { Metrics, RejectionReason, TableName } from "@roadstream/shared";
import { LatencyHistogram } from "./latency-histogram.ts";

/** Of one table: received = landed + doubled + rejected + returned + held. */
export interface TableTotals {
  received: number;
  landed: number;
  doubled: number;
  rejected: number;
  /** Read, then dropped before a commit because the partition moved or a commit lost; read again by someone. */
  returned: number;
  commits: number;
  conflicts: number;
  files: number;
  fileBytes: number;
}

const SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const PREFIX = "roadstream_cloud";

/** Counts of one worker, for Prometheus and for the summary at its end. */
export class IngestMetrics {
  readonly totals = new Map<TableName, TableTotals>();
  readonly latency = new LatencyHistogram();
  readonly rejectedBy = new Map<RejectionReason, number>();
  readonly #records;
  readonly #rejected;
  readonly #commits;
  readonly #files;
  readonly #commitSeconds;
  readonly #latencySeconds;
  readonly #lag;
  readonly #held;
  readonly #slowLane;
  readonly #retries;
  readonly #overtaken;
  readonly #lastCommit;

  constructor(metrics: Metrics) {
    this.#records = metrics.counter(`${PREFIX}_records_total`, "Log records by what became of them.", [
      "table",
      "outcome",
    ]);
    this.#rejected = metrics.counter(`${PREFIX}_rejected_total`, "Records refused here, by reason.", [
      "table",
      "reason",
    ]);
    this.#commits = metrics.counter(`${PREFIX}_commits_total`, "Table commits by outcome.", [
      "table",
      "outcome",
    ]);
    this.#files = metrics.counter(`${PREFIX}_files_total`, "Data files of commits.", ["table"]);
    this.#commitSeconds = metrics.histogram(
      `${PREFIX}_commit_seconds`,
      "From the batch's end to its commit.",
      SECONDS,
      ["table"],
    );
    this.#latencySeconds = metrics.histogram(
      `${PREFIX}_latency_seconds`,
      "Capture to queryable where clocks can tell and no back-fill; one observation for readings of the same 10 ms.",
      SECONDS,
      ["table"],
    );
    this.#lag = metrics.gauge(`${PREFIX}_lag_records`, "Log records not landed yet.", ["table", "partition"]);
    this.#held = metrics.gauge(`${PREFIX}_held_bytes`, "Bytes read and not committed.", ["table"]);
    this.#slowLane = metrics.counter(`${PREFIX}_slow_batches_total`, "Batches gone through row by row.", [
      "table",
    ]);
    this.#overtaken = metrics.counter(
      `${PREFIX}_commits_overtaken_total`,
      "Times that another commit came first and this one was tried again on top of it.",
      ["table"],
    );
    this.#lastCommit = metrics.gauge(
      `${PREFIX}_last_commit_timestamp_seconds`,
      "When this worker last committed, by the store's clock.",
      ["table"],
    );
    this.#retries = metrics.counter(
      `${PREFIX}_retries_total`,
      "Batches read again because store or log was away.",
      ["table"],
    );
  }

  of(table: TableName): TableTotals {
    const found = this.totals.get(table);
    if (found !== undefined) return found;
    const made = {
      received: 0,
      landed: 0,
      doubled: 0,
      rejected: 0,
      returned: 0,
      commits: 0,
      conflicts: 0,
      files: 0,
      fileBytes: 0,
    };
    this.totals.set(table, made);
    return made;
  }

  count(
    table: TableName,
    outcome: "received" | "landed" | "doubled" | "rejected" | "returned",
    records: number,
  ): void {
    if (records === 0) return;
    this.of(table)[outcome] += records;
    this.#records.add(records, { table, outcome });
  }

  rejected(table: TableName, reason: RejectionReason): void {
    this.rejectedBy.set(reason, (this.rejectedBy.get(reason) ?? 0) + 1);
    this.#rejected.add(1, { table, reason });
  }

  committed(
    table: TableName,
    commit: { seconds: number; files: number; fileBytes: number; attempts: number; at: number },
  ): void {
    const { seconds, files, fileBytes } = commit;
    const totals = this.of(table);
    totals.commits += 1;
    totals.files += files;
    totals.fileBytes += fileBytes;
    this.#commits.add(1, { table, outcome: "committed" });
    this.#files.add(files, { table });
    this.#commitSeconds.observe(seconds, { table });
    this.#overtaken.add(commit.attempts - 1, { table });
    this.#lastCommit.set(commit.at / 1000, { table });
  }

  conflict(table: TableName): void {
    this.of(table).conflicts += 1;
    this.#commits.add(1, { table, outcome: "conflict" });
  }

  queryable(table: TableName, latencyMs: number, rows: number): void {
    this.latency.add(latencyMs, rows);
    this.#latencySeconds.observe(latencyMs / 1000, { table });
  }

  lag(table: TableName, partition: number, records: number): void {
    this.#lag.set(records, { table, partition: String(partition) });
  }

  /** Another worker has the partition now, and tells of it. */
  noLag(table: TableName, partition: number): void {
    this.#lag.remove({ table, partition: String(partition) });
  }

  held(table: TableName, bytes: number): void {
    this.#held.set(bytes, { table });
  }

  slowLane(table: TableName): void {
    this.#slowLane.add(1, { table });
  }

  retried(table: TableName): void {
    this.#retries.add(1, { table });
  }
}
