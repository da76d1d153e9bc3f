import { DuckDbEngine, sqlName, type DuckDbConnection } from "../adapters/duckdb-engine.ts";
import { lakeFilesSql } from "../adapters/duckdb-lake-files.ts";
import type { OpenedLake } from "../adapters/open-lake.ts";
import { currentHeads } from "../lake/current-heads.ts";
import { TABLE_NAMES } from "../lake/table-definition.ts";
import { localFiles } from "../object-store/local-files.ts";
import { ATHENA_MACROS } from "./athena-macros.ts";
import { athenaText, athenaType } from "./athena-text.ts";

export interface AthenaRows {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly (string | null)[])[];
  readonly scannedBytes: number;
}

const CREATE_VIEW = /^CREATE OR REPLACE VIEW (\w+) AS\s+([\s\S]*)$/;
const ON_TABLES = /^\s*(?:\(|select|with|values)/i;

const names = (text: string, name: string): boolean => new RegExp(`\\b${name}\\b`).test(text);

/** The statements of Athena's SQL that this system runs, by DuckDB over the lake's current files. */
export class AthenaLake implements AsyncDisposable {
  readonly views = new Map<string, string>();
  readonly #lake: OpenedLake;
  #engine: Promise<DuckDbEngine> | null = null;

  constructor(lake: OpenedLake) {
    this.#lake = lake;
  }

  /** What is wrong with the grammar; null when nothing is. */
  async misspelling(sql: string): Promise<string | null> {
    using connection = await this.#connect();
    try {
      await connection.raw.extractStatements(CREATE_VIEW.exec(sql)?.[2] ?? sql);
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** Rows of a query; none of a statement that makes a view. */
  async run(sql: string): Promise<AthenaRows> {
    using connection = await this.#connect();
    const sizes = await this.#define(connection, sql);
    const [, view, select] = CREATE_VIEW.exec(sql) ?? [];
    if (view !== undefined && select !== undefined) {
      await connection.run(`CREATE TEMP VIEW of_that_name AS ${select}`);
      this.views.set(view, select);
      return { columns: [], rows: [], scannedBytes: 0 };
    }
    const reader = await connection.raw.runAndReadAll(sql);
    const types = reader.columnTypes().map(athenaType);
    // Athena folds what people write: names of columns come in lower case.
    const columns = reader
      .columnNames()
      .map((name, index) => ({ name: name.toLowerCase(), type: types[index] ?? "" }));
    const rows = reader.getRows().map((row) => row.map((value, i) => athenaText(value, types[i] ?? "")));
    return { columns, rows, scannedBytes: ON_TABLES.test(sql) ? this.#scanned(sql, sizes) : 0 };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#engine)?.[Symbol.asyncDispose]();
  }

  async #connect(): Promise<DuckDbConnection> {
    this.#engine ??= (async () => {
      const engine = await DuckDbEngine.open();
      using connection = await engine.connect();
      for (const macro of ATHENA_MACROS) await connection.run(macro);
      return engine;
    })();
    return (await this.#engine).connect();
  }

  /** Tables for one connection, and the views that a statement asks; says how many bytes each table has. */
  async #define(connection: DuckDbConnection, sql: string): Promise<ReadonlyMap<string, number>> {
    const sizes = new Map<string, number>();
    const heads = await currentHeads(this.#lake);
    for (const name of TABLE_NAMES) {
      const table = this.#lake.tables[name];
      const head = heads[name];
      const files = head === null ? [] : await table.files(head);
      const paths = await localFiles(
        this.#lake.store,
        files.map(({ key }) => key),
      );
      sizes.set(
        name,
        files.reduce((sum, file) => sum + file.sizeBytes, 0),
      );
      await connection.run(`CREATE TEMP VIEW ${sqlName(name)} AS ${lakeFilesSql(table.definition, paths)}`);
    }
    for (const [name, select] of this.#asked(sql))
      await connection.run(`CREATE TEMP VIEW ${sqlName(name)} AS ${select}`);
    return sizes;
  }

  /** Views that a statement names, and those that they name, each behind what it names. */
  #asked(sql: string): readonly (readonly [name: string, select: string])[] {
    const asked = new Set<string>();
    const ask = (text: string): void => {
      for (const [name, select] of this.views) {
        if (asked.has(name) || !names(text, name)) continue;
        asked.add(name);
        ask(select);
      }
    };
    ask(sql);
    return [...this.views].filter(([name]) => asked.has(name));
  }

  #scanned(sql: string, sizes: ReadonlyMap<string, number>): number {
    const text = [sql, ...this.#asked(sql).map(([, select]) => select)].join("\n");
    return [...sizes].reduce((sum, [name, size]) => (names(text, name) ? sum + size : sum), 0);
  }
}
