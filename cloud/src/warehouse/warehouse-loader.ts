import { errorText, hours, isRoadstreamError, type TableName } from "@roadstream/shared";
import { currentSnapshot } from "../lake/table-metadata.ts";
import { LAKE_VIEWS } from "../views/lake-views.ts";
import type { LoadContext } from "./load-context.ts";
import { readCursors } from "./load-ledger.ts";
import type { LoadCursor } from "./load-plan.ts";
import { loadTable, type TableLoad } from "./load-table.ts";
import { OWN_TABLES } from "./own-tables.ts";
import type { Warehouse } from "./ports.ts";
import { prepareTables } from "./prepare.ts";
import { refreshWarehouseFacts, type FactRefresh } from "./refresh-facts.ts";
import { STREAM_TABLES } from "./stream-tables.ts";
import { tryAgain } from "./try-again.ts";
import type { WarehouseFacts } from "./warehouse-facts.ts";

export interface LoaderOptions extends Omit<LoadContext, "warehouse" | "cursors" | "factSources" | "tables"> {
  readonly lake: LoadContext["tables"];
  /** Those that are loaded, in this order. */
  readonly tables: readonly TableName[];
  readonly facts: WarehouseFacts;
  /** For one round: a file is held by nobody in between. */
  readonly open: () => Promise<Warehouse>;
  /** What an object's key is put behind to make its URI. */
  readonly objectsAt: string;
}

export interface LoadRound {
  readonly tables: readonly TableLoad[];
  readonly failures: readonly { readonly table: string; readonly error: unknown }[];
  /** Null when nothing was touched. */
  readonly facts: FactRefresh | null;
}

const FACTS = "facts";
/**
 * For so long a warehouse that nothing lands for is believed to have what it was given; then it is looked at, since somebody may have
 * dropped its tables to have them loaded anew. Each look wakes a serverless one for a minute.
 */
const BELIEVED_FOR = hours(24);

/** Keeps a warehouse up with the lake: each round loads what the tables have got since the one before. */
export class WarehouseLoader {
  readonly #options: LoaderOptions;
  #cursors: Map<string, LoadCursor> | null = null;
  #isPrepared = false;
  /** By the monotonic clock. */
  #askedAt = 0;
  /** Facts may be owed to an earlier process. */
  #isOwingFacts = true;

  constructor(options: LoaderOptions) {
    this.#options = options;
  }

  /** Asks the warehouse nothing while the lake stands still: one that sleeps when idle stays asleep. */
  async round(): Promise<LoadRound> {
    if (await this.#isCurrent()) return { tables: [], failures: [], facts: null };
    await using warehouse = await this.#options.open();
    const context = await this.#begin(warehouse);
    this.#askedAt = this.#options.clock.uptime();
    const tables: TableLoad[] = [];
    const failures: { table: string; error: unknown }[] = [];
    for (const table of this.#options.tables) {
      await this.#attempt(table, failures, async () => {
        tables.push(await loadTable(context, table));
      });
    }
    let facts: FactRefresh | null = null;
    this.#isOwingFacts = true;
    await this.#attempt(FACTS, failures, async () => {
      facts = await tryAgain(this.#options, () => refreshWarehouseFacts(warehouse, this.#options.facts));
      this.#isOwingFacts = false;
    });
    return { tables, failures, facts };
  }

  /** One table that cannot be loaded must not stop the others. */
  async #attempt(
    table: string,
    failures: { table: string; error: unknown }[],
    work: () => Promise<void>,
  ): Promise<void> {
    const { signal, logger } = this.#options;
    signal.throwIfAborted();
    try {
      await work();
    } catch (error) {
      if (!isRoadstreamError(error) || signal.aborted) throw error;
      this.#believeNothing();
      logger.warn("not_loaded", { table, error: errorText(error), hint: error.hint });
      failures.push({ table, error });
    }
  }

  /** The next round reads where the warehouse stands, and makes what is not there any more: that may be why it refuses. */
  #believeNothing(): void {
    this.#cursors = null;
    this.#isPrepared = false;
  }

  async #isCurrent(): Promise<boolean> {
    const { lake, tables, clock } = this.#options;
    if (clock.uptime() - this.#askedAt >= BELIEVED_FOR) this.#believeNothing();
    const cursors = this.#cursors;
    if (cursors === null || this.#isOwingFacts) return false;
    const heads = await Promise.all(tables.map((name) => lake[name].peek()));
    return heads.every((head, at) => {
      const snapshot = head === null ? null : currentSnapshot(head.stored.metadata);
      return snapshot === null || cursors.get(tables[at] ?? "")?.snapshotId === snapshot["snapshot-id"];
    });
  }

  async #begin(warehouse: Warehouse): Promise<LoadContext> {
    const { lake, facts } = this.#options;
    if (!this.#isPrepared) await this.#prepare(warehouse);
    this.#cursors ??= new Map(await readCursors(warehouse));
    // Not before: one that has no cursors is prepared again.
    this.#isPrepared = true;
    return { ...this.#options, warehouse, tables: lake, cursors: this.#cursors, factSources: facts.sources };
  }

  async #prepare(warehouse: Warehouse): Promise<void> {
    const { facts, logger } = this.#options;
    await warehouse.setUp();
    const all = [...OWN_TABLES, ...Object.values(STREAM_TABLES), ...facts.tables];
    const { created, added } = await tryAgain(this.#options, () => prepareTables(warehouse, all));
    if (created.length + added.length > 0) logger.info("warehouse_prepared", { created, added });
    await this.#makeViews(warehouse);
  }

  /** A view that an engine cannot change as it stands holds up neither the others nor the rows. */
  async #makeViews(warehouse: Warehouse): Promise<void> {
    const { dialect } = warehouse;
    const { facts, objectsAt } = this.#options;
    const views = [
      ...LAKE_VIEWS.map((view) => ({ name: view.name, sql: dialect.createView(view, objectsAt) })),
      ...facts.views(dialect.name).map(({ name, select }) => ({
        name,
        sql: `CREATE OR REPLACE VIEW ${name} AS\n${select}`,
      })),
    ];
    const all = views.map(({ sql }) => sql);
    if (all.length <= dialect.maxStatements && (await refusal(warehouse, all)) === null) return;
    for (const { name, sql } of views) {
      const error = await refusal(warehouse, [sql]);
      if (error === null) continue;
      const hint = `DROP VIEW ${name}, and load again`;
      this.#options.logger.warn("view_not_made", { view: name, error, hint });
    }
  }
}

/** Why the warehouse refuses; null when it is done. */
const refusal = async (warehouse: Warehouse, statements: readonly string[]): Promise<string | null> => {
  try {
    await warehouse.transact(statements);
    return null;
  } catch (error) {
    if (!isRoadstreamError(error, "refused")) throw error;
    return errorText(error);
  }
};
