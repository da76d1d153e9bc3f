import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger, type Column } from "@roadstream/shared";
import { nodeSha256, nodeZstd, systemClock, systemRandom } from "@roadstream/shared/adapters";
import {
  beginWork,
  compactTable,
  DUCKDB_TYPES,
  DuckDbEngine,
  duckDbPictureKeys,
  duckDbRewriteDay,
  DuckDbParquetWriter,
  DuckDbVehicleRows,
  dropDays,
  eraseTable,
  FolderObjectStore,
  incomingFolder,
  openLakeTable,
  setRetainDays,
  tableDefinition,
  type CommitOutcome,
  type CompactionReport,
  type IcebergTable,
  type OpenedLake,
  type TableDefinition,
} from "@roadstream/cloud/testing";

const clock = systemClock();
const random = systemRandom();
const DAY_MS = 86_400_000;

/** What the rows of a sample say, by column; the others are filled in. */
export type SampleRow = Readonly<Record<string, string | number | boolean | null>>;

const FILLED: Readonly<Record<string, string>> = {
  string: "'filled'",
  int32: "0",
  int64: "0",
  float64: "0",
  boolean: "false",
  timestamp: "TIMESTAMPTZ '2026-01-01 00:00:00Z'",
  bytes: "''::BLOB",
};

const literal = (column: Column, row: SampleRow): string => {
  const value = row[column.name];
  const sql =
    value === undefined
      ? column.nullable
        ? "NULL"
        : FILLED[column.type]
      : value === null
        ? "NULL"
        : typeof value === "string"
          ? `'${value.replaceAll("'", "''")}'`
          : Object.is(value, -0)
            ? "'-0.0'"
            : String(value);
  return `CAST(${sql} AS ${DUCKDB_TYPES[column.type]}) AS ${column.name}`;
};

interface SampleLakeParts {
  readonly scratch: string;
  readonly engine: DuckDbEngine;
  readonly store: OpenedLake["store"];
  readonly incoming: string;
  readonly definition: TableDefinition;
}

/** A lake with the table gps_data, in a folder of its own or on a store that was opened for it. */
export class SampleLake implements AsyncDisposable {
  readonly folder: string;
  readonly table: IcebergTable;
  readonly #store: OpenedLake["store"];
  readonly #engine: DuckDbEngine;
  readonly #writer: DuckDbParquetWriter;
  readonly #incoming: string;
  readonly #scratch: string;

  private constructor(parts: SampleLakeParts) {
    const { definition, store } = parts;
    this.folder = join(parts.scratch, "lake");
    this.table = openLakeTable({ definition, store, clock, random, logger: silentLogger });
    this.#store = store;
    this.#engine = parts.engine;
    this.#incoming = parts.incoming;
    this.#scratch = parts.scratch;
    this.#writer = new DuckDbParquetWriter({ store, clock, random, folder: parts.incoming });
  }

  static async make(definition = tableDefinition("gps_data")): Promise<SampleLake> {
    const scratch = await mkdtemp(join(tmpdir(), "roadstream-readers-"));
    const folder = join(scratch, "lake");
    return new SampleLake({
      scratch,
      engine: await DuckDbEngine.open(),
      store: new FolderObjectStore({ folder }),
      incoming: await incomingFolder(folder),
      definition,
    });
  }

  static async on(
    { store, incoming }: OpenedLake,
    definition = tableDefinition("gps_data"),
  ): Promise<SampleLake> {
    return new SampleLake({
      scratch: await mkdtemp(join(tmpdir(), "roadstream-readers-")),
      engine: await DuckDbEngine.open(),
      store,
      incoming: await incoming(),
      definition,
    });
  }

  /** The same lake as a worker with another contract opens it; goes with this one. */
  seenBy(definition: TableDefinition): SampleLake {
    return new SampleLake({
      scratch: this.#scratch,
      engine: this.#engine,
      store: this.#store,
      incoming: this.#incoming,
      definition,
    });
  }

  /** One commit with the rows of one day. */
  async append(day: string, rows: readonly SampleRow[]): Promise<CommitOutcome> {
    const { definition } = this.table;
    const select = rows
      .map((row) => {
        const placed = { event_at: `${day} 12:00:00Z`, ...row };
        return `SELECT ${definition.columns.map((column) => literal(column, placed)).join(", ")}`;
      })
      .join(" UNION ALL ");
    using connection = await this.#engine.connect();
    const begunAt = beginWork(clock);
    const file = await this.#writer.write({ connection, definition, select, day });
    if (file === null) throw new Error("no rows");
    const base = await this.table.head();
    const commitId = randomUUID();
    const next = (base.ingest?.partitions[0]?.next ?? 0) + rows.length;
    return this.table.append({
      base,
      commitId,
      files: [file],
      partitions: { 0: { next, last: `car/boot/gps_data/${next}`, ledger: null, commit: commitId } },
      logIdentity: "sample",
      partitionCount: 1,
      begunAt,
    });
  }

  compact(): Promise<CompactionReport> {
    const { definition } = this.table;
    const rewrite = duckDbRewriteDay({
      engine: this.#engine,
      writer: this.#writer,
      store: this.#store,
      definition,
    });
    return compactTable({ table: this.table, rewrite });
  }

  /** Erases a vehicle from the table; says how many rows went. */
  async erase(vehicle: string): Promise<number> {
    const rows = new DuckDbVehicleRows({ engine: this.#engine, writer: this.#writer, store: this.#store });
    const context = { rows, vehicle, zstd: nodeZstd, sha256: nodeSha256, logger: silentLogger };
    const signal = new AbortController().signal;
    const { table: report } = await eraseTable({
      ...context,
      signal,
      table: this.table,
      clean: new Set(),
    });
    if (report.remaining.rows + report.remaining.objects > 0) throw new Error(JSON.stringify(report));
    return report.rows;
  }

  /** Drops all days before this one; says how many rows went. */
  async retain(day: string): Promise<number> {
    const age = Math.floor((clock.now() - Date.parse(`${day}T00:00:00Z`)) / DAY_MS);
    await setRetainDays(this.table, age);
    const pictureKeys = duckDbPictureKeys(this.#engine, this.#store);
    return (await dropDays({ table: this.table, pictureKeys, signal: new AbortController().signal })).rows;
  }

  /** Path of the newest metadata file. */
  async metadata(): Promise<string> {
    const { version } = await this.table.head();
    return join(this.folder, `gps_data/metadata/v${version}.metadata.json`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine[Symbol.asyncDispose]();
    await rm(this.#scratch, { recursive: true, force: true });
  }
}
