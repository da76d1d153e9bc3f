/**
 * The outbox's segments and book-keeping in one SQLite file, `outbox.sqlite`.
 *
 * Limits. One segment holds consecutive records of one series, at most 64 KiB of text unless a single record is longer
 * (a picture: 120 KiB). The file keeps its high-water mark, which the outbox's budget bounds (2 GiB of text by default);
 * freed pages are used again. The write-ahead log is written back each {@link WAL_BYTES}. The quarantine keeps
 * {@link QUARANTINE_BYTES}.
 *
 * Layout. `meta`: the outbox's id. `boot`: starts of the agent that are still spoken of, in
 * their order (a clock that was set back misleads none). `series`: per (boot, stream) how
 * many numbers were given, and the ranges acknowledged and dropped, as JSON. `segment`: the records as newline-delimited
 * JSON, with when they were accepted by either clock; line i is seq first_seq + i. Ids grow, so the lowest is the oldest. A segment goes when all of it is settled;
 * what of it is settled before is said by its series. `quarantine`: records that broke a connection again and again.
 *
 * Operation. One commit() is one transaction and one fsync of the write-ahead log (synchronous = FULL). That COMMIT is
 * the only commit point: numbers, gaps, acknowledgements and records change with it or not at all. A process killed
 * anywhere leaves the last committed state. Writing the log back into the file is not part of any promise.
 */
import { closeSync, openSync, statSync } from "node:fs";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { isStream, type Clock, type Logger, type Random, type StreamName } from "@roadstream/shared";
import type {
  HeldRun,
  Segment,
  SegmentInfo,
  SegmentStore,
  SeqRun,
  StoreChanges,
  StoredSeries,
  StoredState,
} from "../ports.ts";
import { SEGMENT_OVERHEAD } from "../outbox/budget.ts";
import { bootOf, infoOf, infosOf, seriesOf } from "./outbox-rows.ts";
import {
  corruption,
  isDamage,
  openOutboxFile,
  storageError,
  suspectMark,
  type OutboxFile,
} from "./sqlite-outbox-file.ts";
import { isLaidOut, type Values } from "./whole-rows.ts";

/** Text committed before the write-ahead log is written back. */
const WAL_BYTES = 4 * 1024 * 1024;
/** Quarantined records kept, the newest. */
const QUARANTINE_BYTES = 16 * 1024 * 1024;

export interface StoreStatistics {
  readonly commits: number;
  readonly writeBacks: number;
  readonly writeBackFailures: number;
}

export class SqliteSegmentStore implements SegmentStore {
  readonly outboxId: string;
  /** Where a corrupt predecessor was put aside, if one was found. */
  readonly replaced: string | null;
  readonly #file: OutboxFile;
  readonly #db: DatabaseSync;
  /** What {@link infoOf} reads. */
  readonly #info: string;
  readonly #seriesIds = new Map<string, number>();
  readonly #statements = new Map<string, StatementSync>();
  #walBytes = 0;
  #commits = 0;
  #writeBacks = 0;
  #writeBackFailures = 0;

  private constructor(file: OutboxFile) {
    this.#file = file;
    this.#db = file.db;
    const uptime = file.hasUptimes ? "accepted_uptime" : "NULL AS accepted_uptime";
    this.#info = `first_seq, last_seq, size, accepted_at, ${uptime}`;
    this.outboxId = file.outboxId;
    this.replaced = file.replaced;
    this.#walBytes = statSync(`${file.path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
    try {
      this.#guard("load", () => this.#loadSeriesIds());
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  static open(options: {
    readonly directory: string;
    readonly clock: Clock;
    readonly random: Random;
    readonly logger: Logger;
    /** Where SQLite itself refuses to let the file grow, whatever the outbox's budgets count: a full disk, declared. */
    readonly maxBytes: number;
  }): SqliteSegmentStore {
    return new SqliteSegmentStore(openOutboxFile(options));
  }

  get statistics(): StoreStatistics {
    return {
      commits: this.#commits,
      writeBacks: this.#writeBacks,
      writeBackFailures: this.#writeBackFailures,
    };
  }

  load(): StoredState {
    return this.#guard("load", () => {
      const sizes = new Map<StreamName, number>();
      const sums = this.#all(
        `SELECT stream, SUM(segment.size + ${SEGMENT_OVERHEAD}) AS size FROM segment JOIN series ON series.id = series_id GROUP BY stream`,
      );
      for (const row of sums) {
        const stream = String(row["stream"]);
        if (isStream(stream)) sizes.set(stream, Number(row["size"]));
      }
      const boots = this.#all("SELECT * FROM boot ORDER BY id").map(bootOf);
      const series = this.#all("SELECT * FROM series ORDER BY id").flatMap(seriesOf);
      const isPartial = this.#all("SELECT value FROM meta WHERE key = 'partial'").length > 0;
      return { boots, series, sizes, isPartial };
    });
  }

  commit(changes: StoreChanges): void {
    this.#guard("commit", () => {
      this.#db.exec("BEGIN IMMEDIATE");
      try {
        this.#write(changes);
        // Commit point.
        this.#db.exec("COMMIT");
      } catch (error) {
        if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
        // A series of the undone transaction has no id any more.
        this.#loadSeriesIds();
        throw error;
      }
    });
    this.#commits += 1;
    this.#walBytes += changes.added.reduce((sum, segment) => sum + segment.size, 4096);
    if (this.#walBytes >= WAL_BYTES) this.#writeBack();
  }

  overlapping(run: SeqRun): readonly SegmentInfo[] {
    const id = this.#seriesIds.get(`${run.bootId}/${run.stream}`);
    if (id === undefined) return [];
    const sql = `SELECT ${this.#info} FROM segment WHERE series_id = ? AND last_seq >= ? AND first_seq <= ? ORDER BY last_seq`;
    return this.#guard("read", () =>
      this.#all(sql, id, run.firstSeq, run.lastSeq).map((row) => infoOf(row, run)),
    );
  }

  segmentAt(of: { bootId: string; stream: StreamName; seq: number }): Segment | null {
    const id = this.#seriesIds.get(`${of.bootId}/${of.stream}`);
    if (id === undefined) return null;
    const sql = `SELECT ${this.#info}, text FROM segment WHERE series_id = ? AND last_seq >= ? ORDER BY last_seq LIMIT 1`;
    return this.#guard("read", () => {
      const row = this.#all(sql, id, of.seq)[0];
      if (row === undefined) return null;
      if (!isLaidOut(row)) throw corruption("a text is not what was written");
      return { ...infoOf(row, of), text: String(row["text"]) };
    });
  }

  oldest(streams: readonly StreamName[], limit: number): readonly SegmentInfo[] {
    const marks = streams.map(() => "?").join(", ");
    const sql = `SELECT boot_id, stream, ${this.#info}
      FROM segment CROSS JOIN series ON series.id = series_id WHERE stream IN (${marks}) ORDER BY segment.id LIMIT ?`;
    return this.#guard("read", () => this.#all(sql, ...streams, limit).flatMap(infosOf));
  }

  front(series: { bootId: string; stream: StreamName }, limit: number): readonly SegmentInfo[] {
    const id = this.#seriesIds.get(`${series.bootId}/${series.stream}`);
    if (id === undefined) return [];
    const sql = `SELECT ${this.#info} FROM segment WHERE series_id = ? ORDER BY last_seq LIMIT ?`;
    return this.#guard("read", () => this.#all(sql, id, limit).map((row) => infoOf(row, series)));
  }

  acceptedBetween(
    streams: readonly StreamName[],
    within: { readonly from: number; readonly to: number; readonly besides: string },
    limit: number,
  ): readonly SegmentInfo[] {
    if (!this.#file.hasUptimes) return [];
    const marks = streams.map(() => "?").join(", ");
    const sql = `SELECT series.boot_id, stream, ${this.#info}
      FROM segment INDEXED BY segment_by_age CROSS JOIN series ON series.id = series_id CROSS JOIN boot ON boot.boot_id = series.boot_id
      WHERE accepted_at BETWEEN ? AND ? AND accepted_uptime IS NOT NULL AND machine_boot <> ? AND stream IN (${marks}) ORDER BY accepted_at LIMIT ?`;
    const { from, to, besides } = within;
    return this.#guard("read", () => this.#all(sql, from, to, besides, ...streams, limit).flatMap(infosOf));
  }

  [Symbol.dispose](): void {
    if (!this.#db.isOpen) return;
    this.#writeBack();
    this.#db.close();
  }

  #write(changes: StoreChanges): void {
    // First what makes room: on a full disk, what comes after goes into it.
    for (const segment of changes.removed) {
      this.#run(
        "DELETE FROM segment WHERE series_id = ? AND last_seq = ?",
        this.#seriesId(segment),
        segment.lastSeq,
      );
    }
    for (const boot of changes.boots) {
      this.#run(
        `INSERT INTO boot (boot_id, machine_boot, closed, said_boot, said_seq) VALUES (?, ?, ?, ?, ?)
          ON CONFLICT (boot_id) DO UPDATE SET closed = excluded.closed, said_boot = excluded.said_boot, said_seq = excluded.said_seq`,
        boot.bootId,
        boot.machineBoot,
        boot.closed ? 1 : 0,
        boot.saidBy?.bootId ?? null,
        boot.saidBy?.seq ?? null,
      );
    }
    for (const series of changes.series) this.#putSeries(series);
    for (const segment of changes.added) {
      const { firstSeq, lastSeq, size, acceptedAt, acceptedUptime, text } = segment;
      const columns = "series_id, first_seq, last_seq, size, accepted_at, text";
      const values = [this.#seriesId(segment), firstSeq, lastSeq, size, acceptedAt, text];
      if (this.#file.hasUptimes)
        this.#run(
          `INSERT INTO segment (${columns}, accepted_uptime) VALUES (?, ?, ?, ?, ?, ?, ?)`,
          ...values,
          acceptedUptime,
        );
      else this.#run(`INSERT INTO segment (${columns}) VALUES (?, ?, ?, ?, ?, ?)`, ...values);
    }
    for (const run of changes.quarantined) this.#quarantine(run);
    for (const bootId of changes.forgottenBoots) {
      this.#run("DELETE FROM series WHERE boot_id = ?", bootId);
      this.#run("DELETE FROM boot WHERE boot_id = ?", bootId);
    }
  }

  #putSeries(series: StoredSeries): void {
    const sql = `INSERT INTO series (boot_id, stream, given, acknowledged, dropped) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (boot_id, stream) DO UPDATE SET given = excluded.given, acknowledged = excluded.acknowledged, dropped = excluded.dropped`;
    const { bootId, stream, given, acknowledged, dropped } = series;
    this.#run(sql, bootId, stream, given, JSON.stringify(acknowledged), JSON.stringify(dropped));
  }

  #quarantine(run: HeldRun): void {
    const text = run.records.join("\n");
    this.#run(
      "INSERT INTO quarantine (boot_id, stream, first_seq, last_seq, size, text) VALUES (?, ?, ?, ?, ?, ?)",
      run.bootId,
      run.stream,
      run.firstSeq,
      run.lastSeq,
      text.length,
      text,
    );
    const older = `DELETE FROM quarantine WHERE id NOT IN
      (SELECT id FROM (SELECT id, SUM(size) OVER (ORDER BY id DESC) AS total FROM quarantine) WHERE total <= ?)`;
    this.#run(older, QUARANTINE_BYTES);
  }

  #loadSeriesIds(): void {
    this.#seriesIds.clear();
    for (const row of this.#all("SELECT id, boot_id, stream FROM series"))
      this.#seriesIds.set(`${String(row["boot_id"])}/${String(row["stream"])}`, Number(row["id"]));
  }

  #seriesId(of: { bootId: string; stream: StreamName }): number {
    const key = `${of.bootId}/${of.stream}`;
    const known = this.#seriesIds.get(key);
    if (known !== undefined) return known;
    const row = this.#all("SELECT id FROM series WHERE boot_id = ? AND stream = ?", of.bootId, of.stream)[0];
    const id = Number(row?.["id"] ?? 0);
    this.#seriesIds.set(key, id);
    return id;
  }

  #writeBack(): void {
    this.#walBytes = 0;
    this.#writeBacks += 1;
    try {
      this.#guard("write back", () => void this.#all("PRAGMA wal_checkpoint(PASSIVE)"));
    } catch {
      // The commit before it stands: the log keeps everything and is written back another time.
      this.#writeBackFailures += 1;
    }
  }

  #all(sql: string, ...values: readonly (string | number | null)[]): readonly Values[] {
    return this.#prepared(sql).all(...values);
  }

  #run(sql: string, ...values: readonly (string | number | null)[]): void {
    this.#prepared(sql).run(...values);
  }

  #prepared(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#db.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #suspect(): void {
    try {
      closeSync(openSync(suspectMark(this.#file.path), "a"));
    } catch {
      // On a disk that fails the mark may fail, too: what is reported is the failure before it.
    }
  }

  #guard<T>(what: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (isDamage(error)) this.#suspect();
      throw storageError(error, what);
    }
  }
}
