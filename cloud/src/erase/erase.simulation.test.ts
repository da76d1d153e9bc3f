import { expect, test } from "vitest";
import { EraseSimulation } from "../testing/erase-simulation.ts";
import { runBusyErasures, runEraseSchedule, runKilledErasure } from "../testing/erase-schedule.ts";

/** The fault suite runs hundreds, and kills at each operation (test/src/faults/schedules.test.ts). */
const SEEDS = [1, 2, 3, 4, 8];
const BUSY_SEEDS = [3, 5];
const KILL_STRIDE = 80;
const ONLY = process.env["ROADSTREAM_SEED"];

test("killed, beside workers that die and commit, compaction, retention, and a store that loses, delays and repeats", async () => {
  const total = new Map<string, number>();
  for (const seed of ONLY === undefined ? SEEDS : [Number(ONLY)]) {
    try {
      for (const [what, times] of await runEraseSchedule(seed))
        total.set(what, (total.get(what) ?? 0) + times);
    } catch (cause) {
      throw new Error(`seed ${seed}: run again with ROADSTREAM_SEED=${seed}`, { cause });
    }
  }
  if (ONLY !== undefined) return;
  for (const what of ["killed", "finished"]) expect(total.get(what), what).toBeGreaterThan(2);
}, 300_000);

test("a seed gives the same run again", async () => {
  const [one, two] = [new EraseSimulation(4), new EraseSimulation(4)];
  const happened = [await runEraseSchedule(4, one), await runEraseSchedule(4, two)];
  expect(happened[0]).toEqual(happened[1]);
  expect(one.objects.keys).toEqual(two.objects.keys);
  expect(await one.rows("gps_data")).toEqual(await two.rows("gps_data"));
}, 120_000);

test("in the middle of compactions and commits, of which nobody is killed: no object of the vehicle stays behind", async () => {
  const total = new Map<string, number>();
  for (const seed of ONLY === undefined ? BUSY_SEEDS : [Number(ONLY)]) {
    try {
      for (const [what, times] of await runBusyErasures(seed))
        total.set(what, (total.get(what) ?? 0) + times);
    } catch (cause) {
      throw new Error(`seed ${seed}: run again with ROADSTREAM_SEED=${seed}`, { cause });
    }
  }
  if (ONLY === undefined) expect(total.get("clean")).toBeGreaterThan(2);
}, 300_000);

test("killed at any operation, the next run finishes it", async () => {
  let kills = 0;
  for (let dieAfter = 1; (await runKilledErasure(dieAfter)) === "killed"; dieAfter += KILL_STRIDE) kills += 1;
  expect(kills).toBeGreaterThan(2);
}, 300_000);
