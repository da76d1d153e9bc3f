import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { measureInChild, megabytes } from "../child.ts";
import { median } from "../measure.ts";
import { writeFleetLog, type Fleet } from "./fleet-log.ts";
import { lakeObjects, type LakeObjects } from "./lake-objects.ts";

export interface FleetLanding extends Fleet {
  readonly commits: number;
  readonly filesPerCommit: number;
  readonly secondsPerCommit: number;
  readonly peakMegabytes: number;
  readonly rowsPerCpuSecond: number;
}

export interface FleetMeasure extends FleetLanding {
  /** Mean of a commit, by what the objects are for. */
  readonly perCommit: LakeObjects;
}

/** An empty log and an empty lake, as `cloud run` is told of them. */
export interface FleetGround {
  readonly log: string;
  readonly lake: string;
  readonly env: Readonly<Record<string, string>>;
}

interface Landed {
  readonly commits: readonly { readonly seconds: number; readonly files: number }[];
  readonly rows: number;
  readonly peakBytes: number;
  readonly cpuSeconds: number;
}

const LAND = new URL("land-fleet.ts", import.meta.url);
const PARTITIONS = 6;

/** The largest takes at most a quarter more than the smallest. */
export const FLAT = 1.25;

/** Peak memory of the last, in those of the first. */
export const peakRatio = (measures: readonly FleetLanding[]): number => {
  const peaks = measures.map(({ peakMegabytes }) => peakMegabytes);
  return Math.round((100 * (peaks.at(-1) ?? Number.NaN)) / (peaks[0] ?? Number.NaN)) / 100;
};

const mean = (objects: LakeObjects, commits: number): LakeObjects => {
  const of = ({ objects: count, bytes }: LakeObjects["data"]): LakeObjects["data"] => ({
    objects: Math.round((10 * count) / commits) / 10,
    bytes: Math.round(bytes / commits),
  });
  return { data: of(objects.data), metadata: of(objects.metadata), ledger: of(objects.ledger) };
};

/** One fleet's readings through the real worker, in a process of its own. */
export const landFleet = async (fleet: Fleet, { log, lake, env }: FleetGround): Promise<FleetLanding> => {
  await writeFleetLog(log, fleet, PARTITIONS);
  const landed = await measureInChild<Landed>(LAND, [log, lake], [], env);
  if (landed.rows !== fleet.rows) throw new Error(`${landed.rows} of ${fleet.rows} rows landed`);
  return {
    ...fleet,
    commits: landed.commits.length,
    filesPerCommit: median(landed.commits.map(({ files }) => files)),
    secondsPerCommit: median(landed.commits.map(({ seconds }) => seconds)),
    peakMegabytes: megabytes(landed.peakBytes),
    rowsPerCpuSecond: Math.round(landed.rows / landed.cpuSeconds),
  };
};

/** From a SQLite log into a lake in a folder. */
export const measureFleet = async (fleet: Fleet): Promise<FleetMeasure> => {
  const folder = await mkdtemp(join(tmpdir(), "bench-scale-"));
  try {
    const lake = join(folder, "lake");
    const ground = { log: `sqlite:${join(folder, "log.sqlite")}`, lake: `file:${lake}`, env: {} };
    const landing = await landFleet(fleet, ground);
    return { ...landing, perCommit: mean(await lakeObjects(lake), landing.commits) };
  } finally {
    await rm(folder, { recursive: true });
  }
};
