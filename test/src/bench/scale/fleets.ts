import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { measureInChild, megabytes } from "../child.ts";
import { median } from "../measure.ts";
import { writeFleetLog, type Fleet } from "./fleet-log.ts";
import { lakeObjects, type LakeObjects } from "./lake-objects.ts";

export interface FleetMeasure extends Fleet {
  readonly commits: number;
  readonly filesPerCommit: number;
  readonly secondsPerCommit: number;
  /** Mean of a commit, by what the objects are for. */
  readonly perCommit: LakeObjects;
  readonly peakMegabytes: number;
  readonly rowsPerCpuSecond: number;
}

interface Landed {
  readonly commits: readonly { readonly seconds: number; readonly files: number }[];
  readonly rows: number;
  readonly peakBytes: number;
  readonly cpuSeconds: number;
}

const LAND = new URL("land-fleet.ts", import.meta.url);
const PARTITIONS = 6;

const mean = (objects: LakeObjects, commits: number): LakeObjects => {
  const of = ({ objects: count, bytes }: LakeObjects["data"]): LakeObjects["data"] => ({
    objects: Math.round((10 * count) / commits) / 10,
    bytes: Math.round(bytes / commits),
  });
  return { data: of(objects.data), metadata: of(objects.metadata), ledger: of(objects.ledger) };
};

/** One fleet's readings through the real worker, from a SQLite log into a lake in a folder. */
export const measureFleet = async (fleet: Fleet): Promise<FleetMeasure> => {
  const folder = await mkdtemp(join(tmpdir(), "bench-scale-"));
  try {
    const log = join(folder, "log.sqlite");
    const lake = join(folder, "lake");
    await writeFleetLog(`sqlite:${log}`, fleet, PARTITIONS);
    const landed = await measureInChild<Landed>(LAND, [log, lake]);
    if (landed.rows !== fleet.rows) throw new Error(`${landed.rows} of ${fleet.rows} rows landed`);
    const commits = landed.commits.length;
    return {
      ...fleet,
      commits,
      filesPerCommit: median(landed.commits.map(({ files }) => files)),
      secondsPerCommit: median(landed.commits.map(({ seconds }) => seconds)),
      perCommit: mean(await lakeObjects(lake), commits),
      peakMegabytes: megabytes(landed.peakBytes),
      rowsPerCpuSecond: Math.round(landed.rows / landed.cpuSeconds),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
};
