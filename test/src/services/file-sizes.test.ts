import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { landFleet } from "../bench/scale/fleets.ts";
import type { Fleet } from "../bench/scale/fleet-log.ts";
import { pythonWithReaders } from "./install/python-step.ts";
import { services } from "./services.ts";

interface Sizes {
  readonly rows: number;
  readonly ours: number;
  readonly theirs: number;
}

const SIZES = fileURLToPath(new URL("readers/parquet_sizes.py", import.meta.url));
const LARGEST_RATIO = 1.1;

describe.skipIf(services("python").skip)("a data file", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "file-sizes-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** What the worker writes of a fleet's readings, beside pyarrow's. */
  const sizesOf = async (fleet: Fleet): Promise<readonly Sizes[]> => {
    const lake = join(folder, "lake");
    await landFleet(fleet, { log: `sqlite:${join(folder, "log.sqlite")}`, lake: `file:${lake}`, env: {} });
    const data = join(lake, "gps_data/data");
    const files = (await readdir(data, { recursive: true })).filter((name) => name.endsWith(".parquet"));
    const paths = files.map((name) => join(data, name));
    const { stdout } = await promisify(execFile)(pythonWithReaders, [SIZES, ...paths]);
    return JSON.parse(stdout) as readonly Sizes[];
  };

  test.each<readonly [string, Fleet]>([
    ["few cars, many readings of each", { vehicles: 10, rows: 200_000, days: 1 }],
    ["many cars, few readings of each", { vehicles: 20_000, rows: 200_000, days: 1 }],
    ["late readings of many days", { vehicles: 100, rows: 20_000, days: 20 }],
    ["a second of the demo", { vehicles: 1, rows: 10, days: 1 }],
  ])("is at most a tenth larger than pyarrow's zstd of the same rows: %s", async (name, fleet) => {
    const files = await sizesOf(fleet);
    expect(files.reduce((sum, { rows }) => sum + rows, 0)).toBe(fleet.rows);
    const sum = (of: "ours" | "theirs"): number => files.reduce((total, file) => total + file[of], 0);
    const ratio = sum("ours") / sum("theirs");
    process.stdout.write(`${name}: ${sum("ours")} bytes, pyarrow ${sum("theirs")}: ${ratio.toFixed(2)}\n`);
    expect(ratio).toBeLessThanOrEqual(LARGEST_RATIO);
  });
});
