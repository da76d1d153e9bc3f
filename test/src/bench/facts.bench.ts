import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FactBed, roomyDuckDb } from "@roadstream/cloud/testing";
import { fleetRows, type Fleet } from "./facts/fleet-rows.ts";
import { cpuSeconds } from "./measure.ts";

interface Spent {
  readonly seconds: number;
  readonly cpu_seconds: number;
}

export interface FactsBench {
  readonly name: "facts";
  readonly unit: "rows per CPU-second";
  /** Of gps_data, vehicle_data and weather_data to all facts and dimensions, from nothing, in DuckDB. */
  readonly ours: number;
  readonly target: number;
  readonly rows: number;
  readonly full: Spent;
  /** One day of one car comes late. */
  readonly late_day: Spent & {
    readonly rows: number;
    /** How often its CPU-seconds go into those of everything. */
    readonly ratio: number;
    readonly target: number;
  };
  /** Taking the day out and bringing it back gives the facts that were there. */
  readonly same: boolean;
  readonly trips: number;
  readonly ok: boolean;
}

const FLEET: Fleet = { cars: 20, days: 10, rows: 10_000_000 };
/** Ten million rows within a minute on two cores. */
const TARGET = 100_000;
/** The day is a two-hundredth of the rows; statements cost something even where there is nothing to do. */
const RATIO_TARGET = 20;
const LATE = { vehicle: "car-3", day: "2026-01-05" } as const;
const STREAMS = ["gps_data", "vehicle_data", "weather_data"] as const;

const rounded = (value: number): number => Math.round(value * 100) / 100;

const measured = async (work: () => Promise<void>): Promise<Spent> => {
  const begun = performance.now();
  const cpu = await cpuSeconds(work);
  return { seconds: rounded((performance.now() - begun) / 1000), cpu_seconds: rounded(cpu) };
};

/** One number for all facts, whatever order their rows lie in. */
const fingerprint = async (bed: FactBed): Promise<string> => {
  const tables = await bed.rows(
    "SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'fact_%' ORDER BY ALL",
  );
  const sums = await Promise.all(
    tables.map(({ table_name: name }) =>
      bed.rows(`SELECT count(*) AS n, sum(hash(t)) AS h FROM ${name as string} AS t`),
    ),
  );
  return JSON.stringify(sums);
};

const count = async (bed: FactBed, from: string): Promise<number> => {
  const [row] = await bed.rows(`SELECT count(*) AS n FROM ${from}`);
  return Number(row?.["n"]);
};

export const benchFacts = async (): Promise<FactsBench> => {
  const folder = await mkdtemp(join(tmpdir(), "bench-facts-"));
  try {
    await using bed = await FactBed.open({ ...roomyDuckDb(), temporaryFolder: folder });
    for (const statement of fleetRows(FLEET)) await bed.sql.run(statement);
    const rows = await STREAMS.reduce(
      async (sum, stream) => (await sum) + (await count(bed, stream)),
      Promise.resolve(0),
    );
    const full = await measured(() => bed.recompute());
    const before = await fingerprint(bed);
    const isLate = `vehicle_id = '${LATE.vehicle}' AND CAST(event_at AS DATE) = DATE '${LATE.day}'`;
    let late = 0;
    for (const stream of STREAMS) {
      late += await count(bed, `${stream} WHERE ${isLate}`);
      await bed.sql.run(`CREATE TEMP TABLE late_${stream} AS FROM ${stream} WHERE ${isLate}`);
      await bed.remove(stream, isLate);
    }
    await bed.refresh();
    const isGone = (await fingerprint(bed)) !== before;
    for (const stream of STREAMS) await bed.sql.run(`INSERT INTO ${stream} FROM late_${stream}`);
    await bed.sql.run(`INSERT INTO touched VALUES ('${LATE.vehicle}', DATE '${LATE.day}')`);
    const spent = await measured(() => bed.refresh());
    const same = isGone && (await fingerprint(bed)) === before;
    const ours = Math.round(rows / full.cpu_seconds);
    const ratio = rounded(full.cpu_seconds / spent.cpu_seconds);
    return {
      name: "facts",
      unit: "rows per CPU-second",
      ours,
      target: TARGET,
      rows,
      full,
      late_day: { ...spent, rows: late, ratio, target: RATIO_TARGET },
      same,
      trips: await count(bed, "fact_trip"),
      ok: ours >= TARGET && ratio >= RATIO_TARGET && same,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
};
