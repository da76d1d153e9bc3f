/**
 * Commits one batch after the other to a table on S3, its data files named and not written, so that what is timed are
 * the requests of the commit itself: manifest, list, metadata, and what is read for them. Prints JSON.
 */
import { randomUUID } from "node:crypto";
import { beginWork, batch, openLake, tableDefinition } from "@roadstream/cloud/testing";
import { silentLogger } from "@roadstream/shared";
import { systemClock, systemRandom } from "@roadstream/shared/adapters";

export interface CommitTime {
  readonly commits: number;
  readonly p50Milliseconds: number;
  readonly p99Milliseconds: number;
}

/** The first hundred fill the table with the snapshots that it keeps. */
const WARM_UP = 100;
const COMMITS = 200;
const ROWS = 1000;

const [, , spec = ""] = process.argv;
const clock = systemClock();
const definition = tableDefinition("gps_data");
await using lake = openLake(
  { lake: spec, catalog: "file" },
  { clock, random: systemRandom(), logger: silentLogger, env: process.env, path: (text) => text },
);
const table = lake.tables.gps_data;
let base = await table.head();
const took: number[] = [];
for (let i = 0; i < WARM_UP + COMMITS; i += 1) {
  const commitId = randomUUID();
  const key = `gps_data/data/event_day=2026-01-01/${commitId}.parquet`;
  const one = { base, partition: i % 6, rows: ROWS, key, commitId, begunAt: beginWork(clock) };
  const began = clock.uptime();
  const outcome = await table.append(batch(definition, one));
  if (outcome.kind !== "committed") throw new Error(outcome.reason);
  if (i >= WARM_UP) took.push(clock.uptime() - began);
  base = outcome.head;
}
took.sort((a, b) => a - b);
const at = (share: number): number => Math.round(took[Math.floor(share * took.length)] ?? Number.NaN);
const time: CommitTime = { commits: COMMITS, p50Milliseconds: at(0.5), p99Milliseconds: at(0.99) };
process.stdout.write(JSON.stringify(time));
