import { hours, isoTime, minutes, seconds, silentLogger, type TableName } from "@roadstream/shared";
import { expect, test } from "vitest";
import { openLakeTable, type IcebergTable } from "../lake/lake-table.ts";
import { TABLE_NAMES, tableDefinition } from "../lake/table-definition.ts";
import { voidWork } from "../lake/void-work.ts";
import { instantCompression } from "../testing/instant-compression.ts";
import { SimulatedCloud } from "../testing/simulated-cloud.ts";
import { lakeStatus } from "./lake-status.ts";
import type { RecentFile } from "./ports.ts";

const TABLE = "gps_data";
const BOOT = "01890000-0000-7000-8000-000000000001";
const ENOUGH_MS = 120_000;

const kindCloud = (): SimulatedCloud => {
  const sim = new SimulatedCloud({ seed: 1, lake: "iceberg", tables: [TABLE], partitions: 1 });
  sim.world.heal();
  return sim;
};

const appendReading = (sim: SimulatedCloud): void => {
  const time = isoTime(sim.clock.now());
  const value =
    `{"v":1,"vehicle_id":"car-1","boot_id":"${BOOT}","machine_boot":"m","received_at":"${time}","seq":1,` +
    `"captured_at":"${time}","clock":"gnss","uptime_ms":1000,"fix":"none"}`;
  sim.log.store.append([{ topic: sim.topics.streams.gps_data, key: "car-1", value }]);
};

const tableOf = ({ objects: store, clock, random }: SimulatedCloud, name: TableName): IcebergTable =>
  openLakeTable({ definition: tableDefinition(name), store, clock, random, logger: silentLogger });

/** The table's report as somebody else has it, and the files that its rows are asked of. */
const reported = async (sim: SimulatedCloud) => {
  const tables = Object.fromEntries(TABLE_NAMES.map((name) => [name, tableOf(sim, name)])) as Record<
    TableName,
    IcebergTable
  >;
  const head = await tables[TABLE].peek();
  const none = Object.fromEntries(TABLE_NAMES.map((name) => [name, null])) as Record<TableName, null>;
  const asked: RecentFile[] = [];
  const report = await lakeStatus(
    {
      heads: { ...none, [TABLE]: head },
      tables,
      recentRows: ({ files }) => {
        asked.push(...files);
        return Promise.resolve({
          rows: 0,
          newestEventAt: null,
          captureToQueryable: null,
          receivedToQueryable: null,
        });
      },
      lag: null,
    },
    {
      now: sim.clock.now(),
      windowMs: hours(1),
      thresholds: { lagRecords: 0, staleMs: 0, latencyMs: 0, conflictPercent: 0, deadLetters: 0 },
    },
  );
  const snapshot = head?.stored.metadata.snapshots.at(-1);
  return { table: report.tables[0], files: asked, datedAt: snapshot?.["timestamp-ms"] ?? 0 };
};

test("a store that takes its time shows in how long commits took, in the status and in the metric", async () => {
  using _ = instantCompression();
  const sim = kindCloud();
  const worker = await sim.start();
  await sim.advance(1000);
  let puts = 0;
  sim.world.delayMs = (operation) => {
    if (operation !== "putIfAbsent") return 0;
    puts += 1;
    // By the wall clock it all took less than nothing.
    worker.clock.jump(minutes(-1));
    return 400;
  };
  appendReading(sim);
  await sim.advance(ENOUGH_MS);
  expect(worker.metrics.of(TABLE).commits).toBe(1);
  // Data file, ledger file, manifest, its list, and the metadata; each there and back.
  expect(puts).toBe(10);
  const { table } = await reported(sim);
  expect(table).toMatchObject({ commits: 1, commit_ms: { p50: 8 * 400, p99: 8 * 400 } });
  const took = worker.measured.value("roadstream_cloud_commit_seconds", { table: TABLE });
  expect(took).toBeCloseTo((10 * 400) / 1000);
});

test("rows can be queried when the store has taken the metadata, however long that put hangs", async () => {
  using _ = instantCompression();
  const hangs = seconds(5);
  const sim = kindCloud();
  await sim.start();
  await sim.advance(1000);
  sim.world.delayMs = (_operation, key) => (key.endsWith(".metadata.json") ? hangs : 0);
  appendReading(sim);
  await sim.advance(ENOUGH_MS);
  const { files, datedAt, table } = await reported(sim);
  expect(table?.commits).toBe(1);
  expect(files).toHaveLength(1);
  expect((files[0]?.queryableAt ?? 0) - datedAt).toBe(hangs);
});

test("a batch that was dropped is a conflict, told with the commit that came in its place", async () => {
  using _ = instantCompression();
  const sim = kindCloud();
  let isVoided = false;
  sim.meanwhile = async () => {
    if (isVoided || !sim.objects.keys.some((key) => key.startsWith("ledger/"))) return;
    isVoided = true;
    const table = tableOf(sim, TABLE);
    await voidWork(table, await table.head());
  };
  await sim.start();
  appendReading(sim);
  await sim.advance(ENOUGH_MS);
  const { table } = await reported(sim);
  expect(table).toMatchObject({ commits: 1, conflicts: 1, overtaken: 0, dropped: 1 });
});
