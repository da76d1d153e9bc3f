import {
  isStream,
  MAX_RECORDS_PER_PUBLISH,
  STREAM_NAMES,
  type StreamName,
  type TableName,
} from "@roadstream/shared";
import type { CurrentHeads } from "../lake/current-heads.ts";
import { explainedRows, foreignRows, forgottenRows, rolledBack } from "../lake/table-history.ts";
import { TABLE_NAMES } from "../lake/table-definition.ts";
import { loadLedger, loadRetired } from "../ledger/load-ledger.ts";
import type { PartitionLedger } from "../ledger/partition-ledger.ts";
import type { SeriesRanges } from "../ledger/series-ranges.ts";
import { loadTombstones } from "../ledger/tombstone-file.ts";
import type { Tombstone } from "../ledger/tombstones.ts";
import type { LiveFile } from "../ports.ts";
import { compareRows, type LaidToOthers, type RowComparison } from "./compare-rows.ts";
import { EARLIER_CHECKPOINTS, judgedThrough, type AwaitedSeries } from "./earlier-checkpoints.ts";
import { FleetStatements } from "./fleet-statements.ts";
import { addSpokenOf, judgeTable, type JudgedTable } from "./judge-table.ts";
import { LOG_MOVED, readLogRemainder } from "./log-remainder.ts";
import { presentFiles } from "./present-files.ts";
import {
  filesMissing,
  ledgerInconsistent,
  MAX_EXAMPLES,
  readingsLost,
  rolledBackTable,
  rowsDoubled,
  rowsMissing,
  rowsUnknown,
} from "./problems.ts";
import type { CheckpointRow } from "./ports.ts";
import type { Problem } from "./report.ts";
import { TableSeriesBook } from "./table-series.ts";
import { hasPassedEnds } from "./topic-ends.ts";
import type { VerifyContext, VerifyOptions } from "./verify-lake.ts";

const NOTHING: LaidToOthers = { added: 0, removed: 0 };

/**
 * The work on one set of heads: first what the cars, the dead letters and the log say, then stream by stream what ledger
 * and rows say, and the verdict. One stream's ranges are held at a time.
 */
export class LakeJudgement {
  readonly fleet = new FleetStatements();
  readonly problems: Problem[] = [];
  readonly #context: VerifyContext;
  readonly #vehicle: string | null;
  readonly #heads: CurrentHeads;
  readonly #books: ReadonlyMap<StreamName, TableSeriesBook>;
  readonly #passed = new Map<string, boolean>();
  #erasedLetters: readonly Tombstone[] = [];
  readonly #present = new Map<TableName, readonly LiveFile[]>();

  constructor(context: VerifyContext, options: VerifyOptions, heads: CurrentHeads) {
    this.#context = context;
    this.#vehicle = options.vehicle;
    this.#heads = heads;
    const book = { vehicle: options.vehicle, looksInLog: context.log !== null };
    this.#books = new Map(STREAM_NAMES.map((stream) => [stream, new TableSeriesBook(stream, book)]));
  }

  /** The table's offsets and its rows belong together, whoever committed last. */
  judgeHistories(): void {
    for (const table of TABLE_NAMES) {
      const head = this.#heads[table];
      const why = head === null ? null : rolledBack(head.stored.metadata);
      if (why !== null) this.problems.push(rolledBackTable(table, why));
    }
  }

  /** Checkpoints and declared gaps. */
  async listenToCars(): Promise<void> {
    for (const ledger of await this.#ledgers("agent_events")) {
      for (const mark of ledger.checkpoints()) if (this.#isAsked(mark.vehicleId)) this.fleet.addMark(mark);
    }
    const { rows } = this.#context;
    const files = await this.#files("agent_events");
    for await (const some of rows.checkpoints(files, this.#vehicle)) {
      for (const row of some) this.fleet.addRow(row);
    }
    for await (const some of rows.dropped(files, this.#vehicle)) {
      for (const row of some)
        this.#book(row.stream)?.of(row.vehicleId, row.bootId)?.dropped.add(row.from, row.to);
    }
  }

  /** What the gateway and this stage refused; and whether the letters themselves are all there, once. */
  async readDeadLetters(): Promise<"read" | typeof LOG_MOVED> {
    const table: TableName = "dead_letters";
    let landed = 0;
    for (const ledger of await this.#ledgers(table)) {
      landed += ledger.counts().landed;
      for (const series of await this.#series(ledger)) {
        this.#book(series.stream)?.of(series.vehicleId, series.bootId)?.rejected.addAll(series.rejected);
      }
    }
    this.#erasedLetters = await this.#tombstones(table);
    if (this.#vehicle === null) await this.#compareDeadLetters(landed);
    return this.#readLog(table);
  }

  async judgeStream(stream: StreamName): Promise<JudgedTable | typeof LOG_MOVED> {
    const book = this.#books.get(stream) ?? new TableSeriesBook(stream, { vehicle: null, looksInLog: false });
    if ((await this.#readLog(stream)) === LOG_MOVED) return LOG_MOVED;
    const files = await this.#files(stream);
    const { fleet } = this;
    addSpokenOf(book, fleet);
    const { counted, listed } = await this.#fill(book, files, this.#vehicle);
    if (counted !== listed) this.problems.push(ledgerInconsistent(stream, counted, listed));
    const compared = await this.#compare(book, files);
    for (const problem of compared.problems) this.problems.push(problem);
    const judged = judgeTable({
      book,
      fleet,
      isRemovalKnown: compared.isRemovalKnown,
      forgotten: this.#forgotten(stream),
      hasPassed: (vehicleId, bootId) => this.#hasPassed(vehicleId, bootId),
    });
    if (judged.series.some((one) => one.lost > 0)) this.problems.push(readingsLost(stream, judged.series));
    await this.#tellDoubles(stream, files, judged);
    book.clear();
    return judged;
  }

  /** Up to when vehicles are accounted for whose newest checkpoint still waits. */
  async throughEarlier(awaited: readonly AwaitedSeries[]): Promise<ReadonlyMap<string, number | null>> {
    const through = new Map<string, number | null>();
    const series = Map.groupBy(awaited, (one) => one.vehicleId);
    const files = await this.#files("agent_events");
    const flush = (rows: readonly CheckpointRow[]): void => {
      const vehicleId = rows[0]?.vehicleId ?? "";
      through.set(vehicleId, judgedThrough(rows, series.get(vehicleId) ?? []));
    };
    for (const vehicleId of series.keys()) through.set(vehicleId, null);
    const ofOne: CheckpointRow[] = [];
    const recent = this.#context.rows.recentCheckpoints(files, [...series.keys()], EARLIER_CHECKPOINTS);
    for await (const rows of recent) {
      for (const row of rows) {
        if (ofOne.length > 0 && ofOne[0]?.vehicleId !== row.vehicleId) flush(ofOne.splice(0));
        ofOne.push(row);
      }
    }
    if (ofOne.length > 0) flush(ofOne);
    return through;
  }

  /** What ledger, rows and tombstones say; and how many landed records the ledger counts, and lists. */
  async #fill(
    book: TableSeriesBook,
    files: readonly LiveFile[],
    vehicle: string | null,
  ): Promise<{ readonly counted: number; readonly listed: number }> {
    let counted = 0;
    let listed = 0;
    for (const ledger of await this.#ledgers(book.stream)) {
      counted += ledger.counts().landed;
      for (const series of await this.#series(ledger)) {
        listed += series.landed.size;
        book.addLedger(series);
      }
    }
    for await (const islands of this.#context.rows.islands(book.stream, files, vehicle)) {
      for (const island of islands) book.addIsland(island);
    }
    const tombstones = await this.#tombstones(book.stream);
    for (const { landed } of tombstones) listed += landed.size;
    book.addErased([...tombstones, ...this.#erasedLetters], this.#context.sha256);
    return { counted, listed };
  }

  /**
   * A table's history tells how many rows went and came, not whose: where one vehicle's differ from the ledger, only all
   * vehicles' together can be explained by it.
   */
  async #compare(book: TableSeriesBook, files: readonly LiveFile[]): Promise<RowComparison> {
    const { stream } = book;
    const { rows } = this.#context;
    const rowCount = await rows.count(stream, files, this.#vehicle);
    const history = this.#laidToOthers(stream);
    if (this.#vehicle === null) return compareRows({ book, rowCount, ...history });
    const unexplained = compareRows({ book, rowCount, ...NOTHING });
    if (unexplained.problems.length === 0 || history.added + history.removed === 0) return unexplained;
    const all = new TableSeriesBook(stream, { vehicle: null, looksInLog: false });
    await this.#fill(all, files, null);
    const compared = compareRows({ book: all, rowCount: await rows.count(stream, files, null), ...history });
    return compareRows({
      book,
      rowCount,
      added: compared.isAdditionKnown ? history.added : 0,
      removed: compared.isRemovalKnown ? history.removed : 0,
    });
  }

  async #compareDeadLetters(landed: number): Promise<void> {
    const table: TableName = "dead_letters";
    const { rows, distinct } = await this.#context.rows.deadLetters(await this.#files(table));
    const { added, removed } = this.#laidToOthers(table);
    const difference = { table, examples: [] };
    if (landed - rows > removed)
      this.problems.push(rowsMissing({ ...difference, rows: landed - rows, explained: removed }));
    if (rows - landed > added)
      this.problems.push(rowsUnknown({ ...difference, rows: rows - landed, explained: added }));
    if (rows > distinct) this.problems.push(rowsDoubled(table, rows - distinct, []));
  }

  async #tellDoubles(stream: StreamName, files: readonly LiveFile[], judged: JudgedTable): Promise<void> {
    const doubled = judged.series.reduce((sum, one) => sum + one.doubled, 0);
    if (doubled === 0) return;
    // One vehicle's are example enough, and asking for all would sort the whole table.
    const vehicle = judged.series.find((one) => one.doubled > 0)?.vehicle_id ?? this.#vehicle;
    const ids = await this.#context.rows.doubledIds(stream, files, vehicle, MAX_EXAMPLES);
    this.problems.push(rowsDoubled(stream, doubled, ids));
  }

  #readLog(table: TableName): Promise<"read" | typeof LOG_MOVED> {
    const { log, topics } = this.#context;
    if (log === null) return Promise.resolve("read");
    return readLogRemainder({
      log,
      topics,
      table,
      head: this.#heads[table],
      onFinding: ({ stream, vehicleId, bootId, from, to, isClaim }) => {
        const series = this.#book(stream)?.of(vehicleId, bootId);
        (isClaim ? series?.claimed : series?.inLog)?.add(from, to);
      },
    });
  }

  #hasPassed(vehicleId: string, bootId: string): boolean {
    const ends = this.fleet.outboxOf(vehicleId, bootId)?.ends ?? null;
    if (ends === null) return false;
    const key = `${vehicleId}/${bootId}`;
    const known = this.#passed.get(key) ?? hasPassedEnds(ends, vehicleId, this.#heads, this.#context.topics);
    this.#passed.set(key, known);
    return known;
  }

  #book(stream: string): TableSeriesBook | null {
    return isStream(stream) ? (this.#books.get(stream) ?? null) : null;
  }

  #isAsked(vehicleId: string): boolean {
    return this.#vehicle === null || this.#vehicle === vehicleId;
  }

  #laidToOthers(table: TableName): LaidToOthers {
    const metadata = this.#heads[table]?.stored.metadata;
    if (metadata === undefined) return NOTHING;
    return { added: foreignRows(metadata).added, removed: explainedRows(metadata) };
  }

  /** A row that was forgotten stood for one number, a dead letter for those of a publish. */
  #forgotten(stream: StreamName): number {
    const [rows = 0, letters = 0] = ([stream, "dead_letters"] as const).map((table) => {
      const head = this.#heads[table];
      return head === null ? 0 : forgottenRows(head.stored.metadata);
    });
    return rows + letters * MAX_RECORDS_PER_PUBLISH;
  }

  /** The table's files, without those that are gone: these are told once. */
  async #files(table: TableName): Promise<readonly LiveFile[]> {
    const head = this.#heads[table];
    const known = this.#present.get(table);
    if (head === null || known !== undefined) return known ?? [];
    const { store, tables } = this.#context;
    const { present, missing } = await presentFiles(store, table, await tables[table].files(head));
    if (missing.length > 0) this.problems.push(filesMissing(table, missing));
    this.#present.set(table, present);
    return present;
  }

  async #ledgers(table: TableName): Promise<readonly PartitionLedger[]> {
    const ledgers: PartitionLedger[] = [];
    const { store, zstd } = this.#context;
    for (const [partition, state] of Object.entries(this.#heads[table]?.ingest?.partitions ?? {})) {
      const place = { table, partition: Number(partition) };
      ledgers.push(await loadLedger(store, zstd, place, state.ledger));
    }
    return ledgers;
  }

  async #tombstones(table: TableName): Promise<readonly Tombstone[]> {
    const tombstones: Tombstone[] = [];
    for (const [partition, { erased }] of Object.entries(this.#heads[table]?.ingest?.partitions ?? {})) {
      const place = { table, partition: Number(partition) };
      for (const one of (await loadTombstones(this.#context, place, erased ?? null)).all())
        tombstones.push(one);
    }
    return tombstones;
  }

  /** Also the retired. */
  async #series(ledger: PartitionLedger): Promise<readonly SeriesRanges[]> {
    return [...ledger.series(), ...(await loadRetired(this.#context.store, this.#context.zstd, ledger))];
  }
}
