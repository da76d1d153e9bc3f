import { seededRandom, silentLogger } from "@roadstream/shared";
import { expect, test } from "vitest";
import { objectsAt } from "../object-store/objects-at.ts";
import { COUNTED_ROWS } from "../testing/counted-rows.ts";
import { meetingLoaders } from "../testing/meeting-loaders.ts";
import { hastyClock, RedshiftBed } from "../testing/redshift-bed.ts";
import { DuckDbRedshift } from "../testing/redshift-engine.ts";
import { WrittenLake } from "../testing/written-lake.ts";
import type { LoadProgress } from "../warehouse/load-context.ts";
import { expectSame, readings } from "../warehouse/warehouse.contract.ts";
import { WarehouseLoader, type LoaderOptions } from "../warehouse/warehouse-loader.ts";

const URL = "redshift://roadstream/cars?region=eu-west-1";

const bedOf = async (written: WrittenLake, url = URL) => {
  const engine = await DuckDbRedshift.open();
  engine.stores.push(written.lake.store);
  const bed = await RedshiftBed.open(engine, url);
  const open = () =>
    Promise.resolve(
      bed.warehouse({ store: written.lake.store, random: seededRandom(5), glueDatabase: "cars_lake" }),
    );
  const loader = (more: Partial<LoaderOptions> = {}) =>
    new WarehouseLoader({
      lake: written.lake.tables,
      tables: ["gps_data"],
      facts: COUNTED_ROWS,
      open,
      objectsAt: objectsAt(written.lake.store),
      clock: hastyClock,
      random: seededRandom(9),
      logger: silentLogger,
      signal: new AbortController().signal,
      ...more,
    });
  return { engine, bed, open, loader };
};

test("a loader waits for one that is at it, and then does not do the same again", async () => {
  const engineOf = async (written: WrittenLake): Promise<DuckDbRedshift> => {
    const engine = await DuckDbRedshift.open();
    engine.stores.push(written.lake.store);
    return engine;
  };
  expect(await meetingLoaders(engineOf, readings("car-1", 1, 5))).toEqual({
    conflicts: [0, 1],
    counts: ["5", "5"],
  });
});

test("in a schema of its own, with the lake's Glue tables beside it; lists of files are cleaned up", async () => {
  await using written = await WrittenLake.open();
  const { engine, bed, open, loader } = await bedOf(written, `${URL}&schema=fleet&external_schema=lake`);
  await using _ = bed;
  await written.append("gps_data", readings("car-1", 1, 5));
  expect(await loader().round()).toMatchObject({ failures: [], tables: [{ rows: 5 }] });
  await expectSame(written, open, 5);
  await using warehouse = await open();
  expect(await warehouse.query(`SELECT COUNT(*) FROM "fleet"."gps_data"`)).toEqual([["5"]]);
  expect(engine.externalSchemas).toEqual([
    `CREATE EXTERNAL SCHEMA IF NOT EXISTS "lake" FROM DATA CATALOG DATABASE 'cars_lake' IAM_ROLE DEFAULT`,
  ]);
  for await (const { key } of written.lake.store.list("warehouse/")) expect(key).toBe("none");
});

test("a statement that fails in the middle leaves nothing, and is tried again", async () => {
  await using written = await WrittenLake.open();
  const { bed, open, loader } = await bedOf(written);
  await using _ = bed;
  const one = loader();
  await written.append("gps_data", readings("car-1", 1, 5));
  await one.round();
  for (const at of [/^LOCK/, /^COPY/, /^MERGE/, /^DROP TABLE "merging/]) {
    await written.append("gps_data", readings("car-1", 6, 6));
    bed.redshift.failing = { at, error: "1023: Serializable isolation violation on table" };
    expect(await one.round()).toMatchObject({ failures: [] });
    expect(bed.redshift.failing).toBeNull();
    await using warehouse = await open();
    expect(await warehouse.query("SELECT COUNT(*), COUNT(DISTINCT seq) FROM gps_data")).toEqual([["6", "6"]]);
  }
});

test("a first load that is too large for one transaction goes by days, and on from where it was interrupted", async () => {
  await using written = await WrittenLake.open();
  const { bed, open, loader } = await bedOf(written);
  await using _ = bed;
  for (const day of ["2026-03-01", "2026-03-02", "2026-03-03"])
    await written.append("gps_data", readings(`car-${day}`, 1, 4, { event_at: `${day}T10:00:00Z` }));
  const stepLimits = { bytes: 1, files: 1000, days: 1000 };
  const steps: string[] = [];
  const stopping = new AbortController();
  const onStep = ({ step, steps: of, rows }: LoadProgress): void => {
    steps.push(`${step}/${of}: ${rows}`);
    stopping.abort();
  };
  await expect(loader({ stepLimits, onStep, signal: stopping.signal }).round()).rejects.toThrow();
  const rest = await loader({ stepLimits, onStep }).round();
  expect(rest).toMatchObject({ tables: [{ mode: "reconcile", files: 2, rows: 8 }] });
  expect(steps).toEqual(["1/3: 4", "1/2: 4", "2/2: 4"]);
  await expectSame(written, open, 12);
});
