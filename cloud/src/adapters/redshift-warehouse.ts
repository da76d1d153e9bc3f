import { uuidV7, type Clock, type DurationMs, type Random } from "@roadstream/shared";
import { whileAway } from "../aws/while-away.ts";
import { putNewObject } from "../object-store/put-new-object.ts";
import type { ObjectStore } from "../ports.ts";
import { copyManifest, copySql, externalSchemaSql } from "../redshift/copy-files.ts";
import type { RedshiftRequests } from "../redshift/redshift-requests.ts";
import type { RedshiftSettings } from "../redshift/redshift-url.ts";
import { runBatch, type BatchContext } from "../redshift/run-batch.ts";
import { redshiftDialect } from "../warehouse/redshift-dialect.ts";
import type { StagedFiles, Staging, Warehouse, WarehouseRow } from "../warehouse/ports.ts";
import { quoted } from "../warehouse/sql-text.ts";

/** Lists of files for COPY, outside the tables' own folders. */
const MANIFESTS = "warehouse/";
/** No load takes so long: a list that is older was left behind by a loader that died. */
const STALE_MS = 86_400_000;

export interface RedshiftWarehouseOptions {
  readonly settings: RedshiftSettings;
  readonly requests: RedshiftRequests & Disposable;
  /** The lake's, which Redshift reads too. */
  readonly store: ObjectStore;
  /** Which the lake's tables are kept in; null: no Glue. */
  readonly glueDatabase: string | null;
  readonly clock: Clock;
  readonly random: Random;
  /** Cancels what is running. */
  readonly signal: AbortSignal;
  /** A transaction that takes longer is cancelled. */
  readonly limit: DurationMs;
}

/** A warehouse behind the Redshift Data API: no connection is held, each transaction is one request and looks at its state. */
export class RedshiftWarehouse implements Warehouse {
  readonly dialect: Warehouse["dialect"];
  readonly #options: RedshiftWarehouseOptions;
  readonly #context: BatchContext;

  constructor(options: RedshiftWarehouseOptions) {
    this.#options = options;
    this.#context = options;
    this.dialect = redshiftDialect(options.settings.schema);
  }

  get name(): string {
    const { target, database } = this.#options.settings;
    return `redshift://${target.name}/${database}`;
  }

  /** The schema, the lake beside it, and no lists of files of loaders that died. */
  async setUp(): Promise<void> {
    const { settings, glueDatabase, store } = this.#options;
    if (this.dialect.schema !== "public")
      await this.#run([`CREATE SCHEMA IF NOT EXISTS ${quoted(this.dialect.schema)}`], false);
    if (settings.externalSchema !== null && glueDatabase !== null)
      await this.#run([externalSchemaSql(settings.externalSchema, glueDatabase, settings.iamRole)], false);
    const stale: string[] = [];
    const now = await store.now();
    for await (const { key, modifiedAt } of store.list(MANIFESTS))
      if (modifiedAt < now - STALE_MS) stale.push(key);
    if (stale.length > 0) await store.delete(stale);
  }

  async query(sql: string): Promise<readonly WarehouseRow[]> {
    const { requests } = this.#options;
    const { statements } = await this.#run([this.#inSchema(), sql], true);
    const rows: WarehouseRow[] = [];
    let next: string | null = null;
    do {
      const page = await whileAway(this.#context, () => requests.page(statements.at(-1) ?? "", next));
      rows.push(...page.rows);
      ({ next } = page);
    } while (next !== null);
    return rows;
  }

  async transact(statements: readonly string[]): Promise<void> {
    await this.#run([this.#inSchema(), ...statements], true);
  }

  async stage({ table, definition, files }: Staging): Promise<StagedFiles> {
    const { store, clock, random, settings } = this.#options;
    const key = `${MANIFESTS}${definition.name}/${uuidV7(clock.now(), random)}.manifest`;
    await putNewObject(store, key, copyManifest(files));
    return {
      statement: copySql(table, store.location(key), settings.iamRole),
      // A load that nobody knows the end of may still want to read it; then it fails, and nothing of it was done.
      [Symbol.asyncDispose]: () => store.delete([key]),
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#options.requests[Symbol.dispose]();
    return Promise.resolve();
  }

  #inSchema(): string {
    return `SET search_path TO ${quoted(this.dialect.schema)}`;
  }

  #run(statements: readonly string[], isTransaction: boolean) {
    const { clock, random } = this.#options;
    return runBatch(this.#context, { statements, isTransaction, token: uuidV7(clock.now(), random) });
  }
}
