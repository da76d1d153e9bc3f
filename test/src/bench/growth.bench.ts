import {
  beginWork,
  batch,
  compactTable,
  dataFileOf,
  MemoryObjectStore,
  openLakeTable,
  removeOrphans,
  tableDefinition,
  type IcebergTable,
} from "@roadstream/cloud/testing";
import { seededRandom, silentLogger, unixMillis, utcDay, uuidV7 } from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";

interface Point {
  readonly commits: number;
  /** Means of the last commits before it, housekeeping included. */
  readonly cpuMilliseconds: number;
  readonly metadataBytesWritten: number;
  /** As they stand then. */
  readonly metadataJsonBytes: number;
  readonly manifestsListed: number;
  readonly liveFiles: number;
  readonly metadataObjects: number;
  readonly dataObjects: number;
}

export interface GrowthBench {
  readonly name: "growth";
  readonly unit: "at 102,240 commits, to that at 15,840";
  readonly points: readonly Point[];
  /** The largest of any of the numbers. */
  readonly ratio: number;
  readonly target: number;
  readonly ok: boolean;
}

/** At noon of the first day, the sixth and the thirty-sixth: a day's small files come and go. */
const POINTS = [1440, 15_840, 102_240] as const;
const WINDOW = 500;
const INTERVAL_MS = 30_000;
const COMMITS_A_DAY = 86_400_000 / INTERVAL_MS;
const TARGET = 1.5;
const PARTITIONS = 6;
const definition = tableDefinition("gps_data");
const random = seededRandom(5);

/** A table in memory, its data files one byte each: what is measured is everything but rows. */
class GrowingTable {
  readonly #clock = new VirtualClock({ now: Date.UTC(2026, 0, 1) });
  readonly #store = new MemoryObjectStore(this.#clock);
  readonly #table: IcebergTable = openLakeTable({
    definition,
    store: this.#store,
    clock: this.#clock,
    random,
    logger: silentLogger,
  });
  #commits = 0;

  get #today(): string {
    return utcDay(this.#clock.now());
  }

  async commitUntil(commits: number): Promise<void> {
    let head = await this.#table.head();
    for (; this.#commits < commits; this.#commits += 1) {
      this.#clock.jumpWall(INTERVAL_MS);
      if (this.#commits % COMMITS_A_DAY === COMMITS_A_DAY - 1) {
        await this.#keepInShape();
        head = await this.#table.head();
      }
      const commitId = this.#uuid();
      const begunAt = beginWork(this.#clock);
      const key = await this.#dataFile(this.#today);
      const one = { base: head, partition: this.#commits % PARTITIONS, rows: 100, key, commitId, begunAt };
      const outcome = await this.#table.append(batch(definition, { ...one, day: this.#today }));
      if (outcome.kind !== "committed") throw new Error(outcome.reason);
      head = outcome.head;
    }
  }

  async measure(commits: number): Promise<Point> {
    await this.commitUntil(commits - WINDOW);
    const began = process.cpuUsage();
    const written = this.#store.writtenBytes;
    await this.commitUntil(commits);
    const { user, system } = process.cpuUsage(began);
    const head = await this.#table.head();
    const newest = head.stored.metadata.snapshots.at(-1);
    const keys = this.#store.keys;
    return {
      commits,
      cpuMilliseconds: Math.round((user + system) / WINDOW / 10) / 100,
      metadataBytesWritten: Math.round((this.#store.writtenBytes - written) / WINDOW),
      metadataJsonBytes: head.stored.pointer.bytes.length,
      manifestsListed: newest === undefined ? 0 : (await this.#table.manifests.list(newest)).length,
      liveFiles: (await this.#table.files(head)).length,
      metadataObjects: keys.filter((key) => key.includes("/metadata/")).length,
      dataObjects: keys.filter((key) => key.includes("/data/")).length,
    };
  }

  /** What a timer does each night: the day before becomes one file, and what nothing names goes. */
  async #keepInShape(): Promise<void> {
    const table = this.#table;
    await compactTable({
      table,
      rewrite: async (files, day) => {
        const rows = files.reduce((sum, file) => sum + file.rows, 0);
        return [dataFileOf(definition, await this.#dataFile(day), rows, day)];
      },
    });
    const ledgers = { prefix: "ledger/", named: () => Promise.resolve(new Set<string>()) };
    await removeOrphans({ table, mode: "remove", ledgers });
  }

  async #dataFile(day: string): Promise<string> {
    const key = `gps_data/data/event_day=${day}/${this.#uuid()}.parquet`;
    await this.#store.put(key, new Uint8Array(1));
    return key;
  }

  #uuid(): string {
    return uuidV7(unixMillis(this.#clock.now()), random);
  }
}

const RATIOS = [
  "cpuMilliseconds",
  "metadataBytesWritten",
  "metadataJsonBytes",
  "manifestsListed",
  "liveFiles",
  "metadataObjects",
  "dataObjects",
] as const;

/** Five weeks of commits each 30 s, one table: whether the last costs what an early one does. */
export const benchGrowth = async (): Promise<GrowthBench> => {
  const table = new GrowingTable();
  const points: Point[] = [];
  for (const commits of POINTS) points.push(await table.measure(commits));
  const [, middle, last] = points;
  const ratios = RATIOS.map((name) => (last?.[name] ?? Number.NaN) / (middle?.[name] ?? Number.NaN));
  const ratio = Math.round(100 * Math.max(...ratios)) / 100;
  return {
    name: "growth",
    unit: "at 102,240 commits, to that at 15,840",
    points,
    ratio,
    target: TARGET,
    ok: ratio <= TARGET,
  };
};
