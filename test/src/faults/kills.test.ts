import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { runAndJudge } from "../kills/judge-run.ts";

const ONLY = process.env["ROADSTREAM_SEED"];
const RUNS = Number(process.env["ROADSTREAM_KILL_RUNS"] ?? 200);
/** Not those of the ordinary suite. */
const FIRST_SEED = 1001;
const SEEDS = ONLY === undefined ? Array.from({ length: RUNS }, (_, i) => FIRST_SEED + i) : [Number(ONLY)];

const folder = mkdtempSync(join(tmpdir(), "roadstream-faults-"));
const met: number[] = [];
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("killed in two places, everything comes home", () => {
  test.concurrent.for(SEEDS)("seed %i", async (seed) => {
    const own = join(folder, String(seed));
    const run = await runAndJudge(seed, "two_scenes", own);
    met.push(run.met.size);
    rmSync(own, { recursive: true });
  });

  test("most runs met what was planned for them", () => {
    if (ONLY === undefined) expect(met.filter((count) => count > 0).length).toBeGreaterThan(RUNS * 0.8);
  });
});
