import { DuckDbEngine, type OpenedLake } from "@roadstream/cloud/testing";
import { isRoadstreamError } from "@roadstream/shared";
import { setTimeout as sleep } from "node:timers/promises";
import { openPlace, type LakePlace } from "../kills/landed-rows.ts";

const TABLES = ["gps_data", "agent_events"] as const;
type Table = (typeof TABLES)[number];
const LOOK_EVERY_MS = 300;

/** Of one log partition: how many rows there are, and the sum of their offsets. */
interface Held {
  readonly rows: number;
  readonly offsets: number;
}

/** What a reader saw of one table at one moment: where each partition stood, and its rows. */
interface Sight {
  readonly table: Table;
  readonly version: number;
  readonly next: ReadonlyMap<number, number>;
  readonly held: ReadonlyMap<number, Held>;
}

/**
 * A reader beside the run that looks at the tables again and again. Compaction changes no row, so whatever it saw must be
 * exactly the last table's rows below the offsets that it saw: no half of a batch, nothing of a later one.
 */
export class TravellingReader implements AsyncDisposable {
  readonly #lake: OpenedLake;
  readonly #engine: DuckDbEngine;
  readonly #seen: Sight[] = [];
  readonly #stop = new AbortController();
  readonly #travelling: Promise<void>;

  private constructor(lake: OpenedLake, engine: DuckDbEngine) {
    this.#lake = lake;
    this.#engine = engine;
    this.#travelling = this.#travel();
  }

  static async on(place: LakePlace): Promise<TravellingReader> {
    return new TravellingReader(openPlace(place), await DuckDbEngine.open());
  }

  get looks(): number {
    return this.#seen.length;
  }

  /** Looks a last time; what was wrong with what it saw before. */
  async judge(): Promise<readonly string[]> {
    this.#stop.abort();
    await this.#travelling;
    const wrong: string[] = [];
    for (const table of TABLES) {
      const paths = await this.#paths(table);
      for (const sight of this.#seen) {
        if (sight.table !== table) continue;
        for (const [partition, next] of sight.next) {
          const due = (await this.#held(paths, `log_offset < ${next}`)).get(partition);
          const held = sight.held.get(partition);
          if (held?.rows !== due?.rows || held?.offsets !== due?.offsets)
            wrong.push(
              `${table} v${sight.version}/${partition} at ${next}: saw ${JSON.stringify(held)}, due ${JSON.stringify(due)}`,
            );
        }
      }
    }
    return wrong;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#travelling;
    await this.#engine[Symbol.asyncDispose]();
    await this.#lake[Symbol.asyncDispose]();
  }

  async #travel(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      for (const table of TABLES) {
        try {
          const sight = await this.#look(table);
          const known = this.#seen.findLast((one) => one.table === table);
          if (sight !== null && sight.version !== known?.version) this.#seen.push(sight);
        } catch (error) {
          // The store is away, or the version has expired under the reader.
          if (!isRoadstreamError(error, "unavailable") && !isRoadstreamError(error, "table_invalid"))
            throw error;
        }
      }
      await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #look(table: Table): Promise<Sight | null> {
    const handle = this.#lake.tables[table];
    const head = await handle.peek();
    if (head === null) return null;
    const files = await handle.files(head);
    const paths = await Promise.all(files.map(({ key }) => this.#lake.store.localFile(key)));
    const states = Object.entries(head.ingest?.partitions ?? {});
    return {
      table,
      version: head.version,
      next: new Map(states.map(([partition, { next }]) => [Number(partition), next])),
      held: await this.#held(paths, "true"),
    };
  }

  async #paths(table: Table): Promise<readonly string[]> {
    const handle = this.#lake.tables[table];
    const files = await handle.files(await handle.head());
    return Promise.all(files.map(({ key }) => this.#lake.store.localFile(key)));
  }

  async #held(paths: readonly string[], where: string): Promise<ReadonlyMap<number, Held>> {
    if (paths.length === 0) return new Map();
    using connection = await this.#engine.connect();
    const list = paths.map((path) => `'${path}'`).join();
    const rows = await connection.rows(
      `SELECT log_partition AS p, count(*) AS n, sum(log_offset)::BIGINT AS s FROM read_parquet([${list}]) WHERE ${where} GROUP BY 1`,
    );
    return new Map(
      rows.map((row) => [Number(row["p"]), { rows: Number(row["n"]), offsets: Number(row["s"]) }]),
    );
  }
}
