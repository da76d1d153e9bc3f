import { describe, expect, test } from "vitest";
import { simulate, simulateAll, UNKINDNESS } from "./run-schedules.ts";
import type { WholePath } from "./whole-path.ts";

/** The fault suite runs thousands (test/src/faults/schedules.test.ts). */
const ONLY = process.env["ROADSTREAM_SEED"];
const seeds = (count: number): readonly number[] =>
  ONLY === undefined ? Array.from({ length: count }, (_, i) => i + 1) : [Number(ONLY)];

const alone = (name: string) => (seed: number) =>
  `ROADSTREAM_SEED=${seed} npx -y pnpm@12 exec vitest run --project unit whole-path -t "${name}"`;

/** Every row, as text. */
const outcome = async ({ cloud }: WholePath): Promise<string> =>
  JSON.stringify([await cloud.rows("gps_data"), await cloud.rows("agent_events")]);

describe("car, gateway, log and cloud, each of which dies at any moment", () => {
  test("every reading that a car kept lands once or is a declared gap", async () => {
    const all = seeds(120);
    const happened = await simulateAll({ seeds: all, lake: "memory", alone: alone("lands once") });
    if (ONLY !== undefined) return;
    for (const [what, share] of Object.entries(UNKINDNESS))
      expect(happened.get(what) ?? 0, what).toBeGreaterThan(share * all.length);
  }, 600_000);

  test("with cars that forget only what is settled, not even a deleted log loses anything", async () => {
    const options = { lake: "memory", forget: "settled", alone: alone("settled") } as const;
    const happened = await simulateAll({ ...options, seeds: seeds(40) });
    if (ONLY === undefined) expect(happened.get("lost with the log") ?? 0).toBeGreaterThan(0);
  }, 600_000);

  test("the same on Iceberg tables", async () => {
    await simulateAll({ lake: "iceberg", seeds: seeds(8), alone: alone("Iceberg") });
  }, 600_000);

  test.each(["memory", "iceberg"] as const)("a seed gives the same run again: %s", async (lake) => {
    const once = (): Promise<WholePath> => simulate(1, { lake, alone: alone("same run") });
    const [one, two] = [await once(), await once()];
    expect(await outcome(one)).toBe(await outcome(two));
    expect(one.happened).toEqual(two.happened);
  });
});
