import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger, type Clock, type Random, type TableName } from "@roadstream/shared";
import { systemClock, systemRandom } from "@roadstream/shared/adapters";
import { DuckDbEngine } from "../adapters/duckdb-engine.ts";
import { lakeFilesSql } from "../adapters/duckdb-lake-files.ts";
import { DuckDbParquetWriter } from "../adapters/duckdb-parquet.ts";
import { duckDbRewriteDay } from "../adapters/duckdb-rewrite-day.ts";
import { openLake, type OpenedLake } from "../adapters/open-lake.ts";
import { compactTable } from "../lake/compact-table.ts";
import { expireTable } from "../lake/expire-table.ts";
import type { IcebergTable } from "../lake/lake-table.ts";
import { replaceFiles } from "../lake/replace-files.ts";
import { DEFAULT_RETENTION } from "../lake/snapshot-expiry.ts";
import { localFiles } from "../object-store/local-files.ts";
import type { NewDataFile } from "../ports.ts";
import type { Cell } from "../sql/query-result.ts";
import { rowsSelect, type SomeRow } from "./row-select.ts";
import { beginWork } from "../lake/work-age.ts";

const LOG = "sqlite:11111111-1111-7111-8111-111111111111/written#1";

/** A real lake into which a test writes rows as it likes: real Parquet, real commits, no log. */
export class WrittenLake implements AsyncDisposable {
  readonly folder: string;
  readonly lake: OpenedLake;
  readonly #engine: DuckDbEngine;
  readonly #writer: DuckDbParquetWriter;

  private constructor(options: {
    folder: string;
    lake: OpenedLake;
    engine: DuckDbEngine;
    writer: DuckDbParquetWriter;
  }) {
    this.folder = options.folder;
    this.lake = options.lake;
    this.#engine = options.engine;
    this.#writer = options.writer;
  }

  /** In a folder of its own, or where `spec` says. */
  static async open(spec: string | null = null): Promise<WrittenLake> {
    const clock: Clock = systemClock();
    const random: Random = systemRandom();
    const folder = await mkdtemp(join(tmpdir(), "written-lake-"));
    const options = { clock, random, logger: silentLogger, env: process.env, path: (text: string) => text };
    const lake = openLake({ lake: spec ?? `file:${join(folder, "lake")}`, catalog: "file" }, options);
    const engine = await DuckDbEngine.open();
    const writer = new DuckDbParquetWriter({
      store: lake.store,
      clock,
      random,
      folder: await lake.incoming(),
    });
    return new WrittenLake({ folder, lake, engine, writer });
  }

  /** One commit with one file per UTC day of event_at (received_at in dead_letters). */
  async append(name: TableName, rows: readonly SomeRow[]): Promise<void> {
    const table = this.lake.tables[name];
    const base = await table.head();
    const days = Map.groupBy(rows, (row) => String(row[table.definition.dayOf]).slice(0, 10));
    const files: NewDataFile[] = [];
    for (const [day, ofDay] of days) files.push(...(await this.#write(table, ofDay, day)));
    const next = (base.ingest?.partitions[0]?.next ?? 0) + rows.length;
    const commitId = table.names.uuid();
    const outcome = await table.append({
      base,
      commitId,
      files,
      partitions: { 0: { next, last: `v/b/${name}/${next}`, ledger: null, commit: commitId } },
      logIdentity: LOG,
      partitionCount: 1,
      begunAt: beginWork(table.clock),
    });
    if (outcome.kind !== "committed") throw new Error(outcome.reason);
  }

  /** Takes out the rows that a condition of SQL names: what retention and erasure do. */
  async remove(name: TableName, where: string): Promise<void> {
    const table = this.lake.tables[name];
    const base = await table.head();
    const inputs: string[] = [];
    const outputs: NewDataFile[] = [];
    let removes = 0;
    using connection = await this.#engine.connect();
    for (const file of await table.files(base)) {
      const select = lakeFilesSql(table.definition, await localFiles(this.lake.store, [file.key]));
      const [gone] = await connection.rows(`SELECT count(*) AS n FROM (${select}) WHERE ${where}`);
      const count = Number(gone?.["n"]);
      if (count === 0) continue;
      inputs.push(file.key);
      removes += count;
      const kept = `SELECT * FROM (${select}) WHERE NOT coalesce(${where}, false)`;
      const { definition } = table;
      const rest = await this.#writer.write({ connection, definition, select: kept, day: file.day });
      if (rest !== null) outputs.push(rest);
    }
    const commitId = table.names.uuid();
    const begunAt = beginWork(table.clock);
    const outcome = await replaceFiles(table, {
      base: base.stored,
      commitId,
      inputs,
      outputs,
      removes,
      begunAt,
    });
    if (outcome.kind !== "committed") throw new Error(outcome.reason);
  }

  /** All days' files become few. */
  async compact(name: TableName): Promise<void> {
    const { store } = this.lake;
    const table = this.lake.tables[name];
    const { definition } = table;
    const rewrite = duckDbRewriteDay({ engine: this.#engine, writer: this.#writer, store, definition });
    await compactTable({ table, rewrite, before: "9999-12-31" });
  }

  /** Only the newest snapshot stays. */
  async expire(name: TableName): Promise<void> {
    await expireTable(this.lake.tables[name], {
      ...DEFAULT_RETENTION,
      minSnapshots: 1,
      maxSnapshots: 1,
      maxAgeMs: 0,
    });
  }

  /** The table's rows, in order of all columns. */
  async rows(name: TableName): Promise<readonly Readonly<Record<string, Cell>>[]> {
    const table = this.lake.tables[name];
    const head = await table.peek();
    const files = head === null ? [] : await table.files(head);
    const paths = await localFiles(
      this.lake.store,
      files.map(({ key }) => key),
    );
    using connection = await this.#engine.connect();
    return await connection.cells(`FROM (${lakeFilesSql(table.definition, paths)}) ORDER BY ALL`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine[Symbol.asyncDispose]();
    await this.lake[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true });
  }

  async #write(table: IcebergTable, rows: readonly SomeRow[], day: string): Promise<readonly NewDataFile[]> {
    using connection = await this.#engine.connect();
    const { definition } = table;
    const file = await this.#writer.write({
      connection,
      definition,
      select: rowsSelect(definition, rows),
      day,
    });
    return file === null ? [] : [file];
  }
}
