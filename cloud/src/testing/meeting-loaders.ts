import { millis, seededRandom, silentLogger } from "@roadstream/shared";
import { objectsAt } from "../object-store/objects-at.ts";
import { WarehouseLoader } from "../warehouse/warehouse-loader.ts";
import { COUNTED_ROWS } from "./counted-rows.ts";
import { hastyClock, RedshiftBed } from "./redshift-bed.ts";
import type { StandInEngine } from "./redshift-engine.ts";
import type { SomeRow } from "./row-select.ts";
import { WrittenLake } from "./written-lake.ts";

/** Of a clock that makes a thirtieth of it. */
const LOOK = millis(60);
const LOOKS = 10_000;
const URL = "redshift://roadstream/cars?region=eu-west-1";

export interface Meeting {
  /** How often a loader found that the other had come first, fewest first. */
  readonly conflicts: readonly number[];
  /** Rows in the warehouse, and records. */
  readonly counts: readonly (string | null)[];
}

/** Two loaders of the same rows, the second of which comes when the first is in the middle of its MERGE. */
export const meetingLoaders = async (
  engineOf: (written: WrittenLake) => Promise<StandInEngine>,
  rows: readonly SomeRow[],
): Promise<Meeting> => {
  await using written = await WrittenLake.open();
  const { store, tables } = written.lake;
  const engine = await engineOf(written);
  await using bed = await RedshiftBed.open(engine, URL);
  const { redshift } = bed;
  const open = () => Promise.resolve(bed.warehouse({ store, random: seededRandom(5) }));
  const loaders = [1, 2].map(
    (seed) =>
      new WarehouseLoader({
        lake: tables,
        tables: ["gps_data"],
        facts: COUNTED_ROWS,
        open,
        objectsAt: objectsAt(store),
        clock: hastyClock,
        random: seededRandom(seed),
        logger: silentLogger,
        signal: new AbortController().signal,
      }),
  );
  await Promise.all(loaders.map((loader) => loader.round()));
  await written.append("gps_data", rows);
  let isFirst = true;
  redshift.before = async (sql) => {
    if (!sql.startsWith("MERGE") || !isFirst) return;
    isFirst = false;
    const { ended } = redshift;
    for (let look = 0; look < LOOKS; look += 1) {
      // The other one waits for the lock; or, if there were none, it has been through.
      if ((await engine.waiting()) + (redshift.ended - ended) > 0) return;
      await hastyClock.sleep(LOOK);
    }
    throw new Error("the other loader never came");
  };
  const rounds = await Promise.all(loaders.map((loader) => loader.round()));
  const conflicts = rounds.flatMap((round) => round.tables.map((load) => load.conflicts));
  await using warehouse = await open();
  const [counts = []] = await warehouse.query("SELECT COUNT(*), COUNT(DISTINCT seq) FROM gps_data");
  return { conflicts: conflicts.toSorted((a, b) => a - b), counts };
};
