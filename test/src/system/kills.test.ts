import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { runAndJudge } from "../kills/judge-run.ts";
import { SCENES } from "../kills/kill-plan.ts";

const ONLY = process.env["ROADSTREAM_SEED"];
const SEEDS = ONLY === undefined ? SCENES.map((_, i) => i + 1) : [Number(ONLY)];
const STAGE_OF: Readonly<Record<string, string>> = { two: "cloud", broker: "agent" };

const folder = mkdtempSync(join(tmpdir(), "roadstream-kills-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Real processes, each unchanged but for what ends it at one exact moment. */
describe("killed, everything comes home", () => {
  test.concurrent.for(SEEDS)("seed %i", async (seed) => {
    const { plan, met } = await runAndJudge(seed, "one_scene", join(folder, String(seed)));
    const [first = ""] = plan.scene.split(" ");
    expect([...met], plan.scene).toEqual([STAGE_OF[first] ?? first]);
  });
});
