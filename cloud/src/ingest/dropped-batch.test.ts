import { isoTime, silentLogger } from "@roadstream/shared";
import { expect, test } from "vitest";
import { openLakeTable } from "../lake/lake-table.ts";
import { tableDefinition } from "../lake/table-definition.ts";
import { voidWork } from "../lake/void-work.ts";
import { tableCommits } from "../status/table-commits.ts";
import { SimulatedCloud } from "../testing/simulated-cloud.ts";

const JPEG = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 0xff, 0xd9]);
const BOOT = "01890000-0000-7000-8000-000000000001";
const MAX_TURNS = 4000;

const pictureRecord = (sim: SimulatedCloud, seq = 1) => {
  const time = isoTime(sim.clock.now());
  const value = JSON.stringify({
    v: 1,
    vehicle_id: "car-1",
    boot_id: BOOT,
    machine_boot: "m",
    received_at: time,
    seq,
    captured_at: time,
    clock: "gnss",
    uptime_ms: 1000,
    camera_id: "front",
    trigger: "interval",
    media_type: "image/jpeg",
    size_bytes: JPEG.length,
    snapshot: JPEG.toString("base64"),
  });
  return { topic: sim.topics.streams.traffic_data, key: "car-1", value };
};

/** As the last commit of an erasure does, of whichever vehicle. */
const voidAll = async (sim: SimulatedCloud): Promise<void> => {
  const { objects: store, clock, random } = sim;
  const definition = tableDefinition("traffic_data");
  const table = openLakeTable({ definition, store, clock, random, logger: silentLogger });
  await voidWork(table, await table.head());
};

test("a batch that an erasure voids leaves nothing: its picture, file, ledger and manifests go, and come with the next", async () => {
  const sim = new SimulatedCloud({ seed: 1, lake: "iceberg", tables: ["traffic_data"], partitions: 1 });
  sim.world.faults = false;
  sim.log.store.append([pictureRecord(sim)]);
  const first: string[] = [];
  sim.meanwhile = async () => {
    const put = sim.objects.keys.filter((key) => /^pictures\/|^ledger\/|\/data\//.test(key));
    if (first.length > 0 || !put.some((key) => key.startsWith("ledger/"))) return;
    first.push(...put);
    await voidAll(sim);
  };
  const worker = await sim.start({ untilDrained: true });
  for (let i = 0; i < MAX_TURNS && !worker.isDone && worker.error === null; i += 1) await sim.advance(100);
  expect([worker.isDone, worker.error]).toEqual([true, null]);
  expect(first).toHaveLength(3);
  expect(sim.objects.keys.filter((key) => first.includes(key))).toEqual([]);
  const [row] = await sim.rows("traffic_data");
  expect(sim.objects.keys.filter((key) => key.startsWith("pictures/"))).toEqual([row?.["snapshot_key"]]);
});

test("dropped batches are told once, by the snapshot of the worker's next commit", async () => {
  const sim = new SimulatedCloud({ seed: 1, lake: "iceberg", tables: ["traffic_data"], partitions: 1 });
  sim.world.faults = false;
  const worker = await sim.start();
  let voids = 2;
  let ledgers = 0;
  sim.meanwhile = async () => {
    const put = sim.objects.keys.filter((key) => key.startsWith("ledger/")).length;
    if (put > ledgers && voids > 0) {
      voids -= 1;
      await voidAll(sim);
    }
    ledgers = put;
  };
  const landed = async (commits: number) => {
    for (let i = 0; i < MAX_TURNS && worker.metrics.of("traffic_data").commits < commits; i += 1)
      await sim.advance(100);
    const { commits: told, overtaken, dropped } = tableCommits(await sim.reader("traffic_data").head(), 0);
    return { told, overtaken, dropped };
  };
  sim.log.store.append([pictureRecord(sim)]);
  expect(await landed(1)).toEqual({ told: 1, overtaken: 0, dropped: 2 });
  expect(worker.metrics.of("traffic_data").conflicts).toBe(2);
  sim.log.store.append([pictureRecord(sim, 2)]);
  expect(await landed(2)).toEqual({ told: 2, overtaken: 0, dropped: 2 });
});
