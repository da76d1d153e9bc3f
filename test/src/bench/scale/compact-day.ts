import { compactTable, duckDbRewriteDay } from "@roadstream/cloud/testing";
import { seconds } from "@roadstream/shared";
import { systemClock } from "@roadstream/shared/adapters";
import { BIG_DAY, openDayBed } from "./day-bed.ts";

export interface DayCompaction {
  readonly filesBefore: number;
  readonly fileBytes: readonly number[];
  readonly rows: number;
  /** Commits of another day that landed meanwhile, on the same table. */
  readonly commitsMeanwhile: number;
  /** Vehicles that stand in more than one of the files: at most one for each place where one file ends. */
  readonly sharedVehicles: number;
  /** Rows that a reader finds who planned on the snapshot from before. */
  readonly rowsOfOlderSnapshot: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

/** In a process of its own, for its memory: compacts the day while another worker commits, and looks at what became of it. */
const [folder = ""] = process.argv.slice(2);
const NEXT_DAY = "2026-01-02";
const PAUSE = seconds(1);
const clock = systemClock();
await using bed = await openDayBed(folder);
await using other = await openDayBed(folder);
const table = bed.lake.tables.gps_data;
const { definition } = table;
/** What a reader has planned to read before. */
const older = (await table.files(await table.head())).filter(({ day }) => day === BIG_DAY);

const work = { isDone: false, commits: 0 };
const ingest = async (): Promise<void> => {
  for (; !work.isDone; work.commits += 1) {
    await other.append(work.commits * 1000, (work.commits + 1) * 1000, 10_000_000, NEXT_DAY);
    await clock.sleep(PAUSE);
  }
};
const rewrite = duckDbRewriteDay({
  engine: bed.engine,
  writer: bed.writer,
  store: bed.lake.store,
  definition,
});
const began = { at: performance.now(), cpu: process.cpuUsage() };
const compaction = compactTable({ table, rewrite, before: NEXT_DAY }).finally(() => {
  work.isDone = true;
});
const [report] = await Promise.all([compaction, ingest()]);
const elapsed = (performance.now() - began.at) / 1000;
const { user, system } = process.cpuUsage(began.cpu);
const { maxRSS } = process.resourceUsage();
if (report.skipped.length > 0) throw new Error(JSON.stringify(report.skipped));

using connection = await bed.engine.connect();
const after = (await table.files(await table.head())).filter(({ day }) => day === BIG_DAY);
const paths = async (files: typeof after): Promise<string> => {
  const found = await Promise.all(files.map(({ key }) => bed.lake.store.localFile(key)));
  return `[${found.map((path) => `'${path}'`).join(", ")}]`;
};
const one = async (sql: string): Promise<number> =>
  Number(Object.values((await connection.rows(sql))[0] ?? {})[0]);
const measure: DayCompaction = {
  filesBefore: report.filesBefore,
  fileBytes: after.map(({ sizeBytes }) => sizeBytes),
  rows: report.rows,
  commitsMeanwhile: work.commits,
  sharedVehicles: await one(
    `SELECT count(*) FROM (SELECT vehicle_id FROM read_parquet(${await paths(after)}, filename = true)
       GROUP BY vehicle_id HAVING count(DISTINCT filename) > 1)`,
  ),
  rowsOfOlderSnapshot: await one(`SELECT count(*) FROM read_parquet(${await paths(older)})`),
  seconds: elapsed,
  cpuSeconds: (user + system) / 1e6,
  peakBytes: maxRSS * 1024,
};
process.stdout.write(JSON.stringify(measure));
