import { DuckDbRedshift, RedshiftBed, WrittenLake } from "@roadstream/cloud/testing";
import { seededRandom } from "@roadstream/shared";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runStage, startStage } from "../processes/start-stage.ts";
import { S3Bed } from "./s3-bed.ts";
import { services } from "./services.ts";
import { startVersitygw } from "./versitygw.ts";

const WAREHOUSE = "redshift://roadstream/cars?region=us-east-1";
const row = (seq: number) => ({
  vehicle_id: "car-1",
  boot_id: "b",
  seq,
  event_at: "2026-03-01T10:00:00Z",
  landed_at: "2026-03-01T11:00:00Z",
  fix: "none",
});

describe.skipIf(services("versitygw").skip)("cloud load from S3 into Redshift, as a process", () => {
  let s3: S3Bed;
  let written: WrittenLake;
  let bed: RedshiftBed;
  let spec: string;
  beforeEach(async () => {
    s3 = await S3Bed.on(await startVersitygw());
    spec = s3.fresh();
    written = await WrittenLake.open(spec);
    const engine = await DuckDbRedshift.open();
    engine.stores.push(written.lake.store);
    bed = await RedshiftBed.open(engine, WAREHOUSE);
  });
  afterEach(async () => {
    await bed?.[Symbol.asyncDispose]();
    await written?.[Symbol.asyncDispose]();
    await s3?.[Symbol.asyncDispose]();
  });

  const args = (...more: readonly string[]) => [
    "load",
    "gps_data",
    "--lake",
    spec,
    "--warehouse",
    WAREHOUSE,
    ...more,
  ];
  const env = () => ({ ...s3.server.env(), ...bed.env });
  const count = async () => {
    await using warehouse = bed.warehouse({ store: written.lake.store, random: seededRandom(1) });
    return Number((await warehouse.query("SELECT COUNT(*) FROM gps_data"))[0]?.[0]);
  };

  test("loads by lists of files that it puts into the lake and takes away again", async () => {
    await written.append("gps_data", [row(1), row(2)]);
    const first = await runStage("cloud", args("--json"), { env: env() });
    expect(first, first.stderr).toMatchObject({ code: 0 });
    expect(JSON.parse(first.stdout)).toMatchObject({
      ok: true,
      warehouse: "redshift://roadstream/cars",
      tables: [{ table: "gps_data", rows: 2 }],
      facts: { vehicles: 1, days: 1 },
    });
    expect(await count()).toBe(2);
    const lists: string[] = [];
    for await (const { key } of written.lake.store.list("warehouse/")) lists.push(key);
    expect(lists).toEqual([]);
  });

  test("a loader that stays loads what comes; SIGTERM cancels what is running and is no failure", async () => {
    await written.append("gps_data", [row(1)]);
    const stage = await startStage("cloud", args("--every", "200ms", "--log-format", "json"), { env: env() });
    await stage.logged("loaded", { fields: { rows: 1 }, deadlineMs: 60_000 });
    bed.redshift.isHeld = true;
    await written.append("gps_data", [row(2), row(3)]);
    const running = () => bed.redshift.batches.size - bed.redshift.ended;
    await expect.poll(running, { timeout: 30_000 }).toBe(1);
    expect(await stage.stop()).toMatchObject({ code: 0 });
    await bed.redshift.settled();
    bed.redshift.isHeld = false;
    expect([...bed.redshift.batches.values()].at(-1)?.status).toBe("ABORTED");
    expect(await count()).toBe(1);
    expect(await runStage("cloud", args(), { env: env() })).toMatchObject({ code: 0 });
    expect(await count()).toBe(3);
  });

  test("a vehicle that is erased, and days that are no longer kept, go from the warehouse with the next load", async () => {
    const other = { ...row(1), vehicle_id: "car-2" };
    await written.append("gps_data", [row(1), row(2), other]);
    await written.append("gps_data", [{ ...other, seq: 2, event_at: "2020-01-01T00:00:00Z" }]);
    expect(await runStage("cloud", args(), { env: env() })).toMatchObject({ code: 0 });
    expect(await count()).toBe(4);
    const erased = await runStage("cloud", ["erase", "--vehicle", "car-1", "--lake", spec], { env: env() });
    expect(erased, erased.stderr).toMatchObject({ code: 0 });
    await written.remove("gps_data", "event_at < '2021-01-01'");
    expect(await runStage("cloud", args(), { env: env() })).toMatchObject({ code: 0 });
    await using warehouse = bed.warehouse({ store: written.lake.store, random: seededRandom(1) });
    expect(await warehouse.query("SELECT vehicle_id, seq FROM gps_data")).toEqual([["car-2", "1"]]);
    expect(await warehouse.query("SELECT DISTINCT vehicle_id FROM fact_vehicle_day")).toEqual([["car-2"]]);
  });
});
