import { DuckDbLakeRows } from "@roadstream/cloud/testing";
import { openDayBed } from "./day-bed.ts";

export interface IslandsRead {
  readonly rows: number;
  readonly islands: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

/** In a process of its own, for its memory: goes through all rows as `cloud verify` does. */
const [folder = ""] = process.argv.slice(2);
await using bed = await openDayBed(folder);
const table = bed.lake.tables.gps_data;
const files = await table.files(await table.head());
const rows = new DuckDbLakeRows({ engine: bed.engine, store: bed.lake.store });
const began = { at: performance.now(), cpu: process.cpuUsage() };
const found = { islands: 0, rows: 0 };
for await (const islands of rows.islands("gps_data", files, null)) {
  found.islands += islands.length;
  for (const { from, to, doubled } of islands) found.rows += to - from + 1 + doubled;
}
const { user, system } = process.cpuUsage(began.cpu);
const measure: IslandsRead = {
  ...found,
  seconds: (performance.now() - began.at) / 1000,
  cpuSeconds: (user + system) / 1e6,
  peakBytes: process.resourceUsage().maxRSS * 1024,
};
process.stdout.write(JSON.stringify(measure));
