import { NOTHING, type Verdict } from "../kills/judge-run.ts";
import { findWrongRows } from "../kills/landed-rows.ts";
import type { StormBed } from "./storm-bed.ts";
import { stormPlan } from "./storm-plan.ts";
import { StormRun } from "./storm-run.ts";
import { TravellingReader } from "./travelling-reader.ts";

export interface StormOutcome {
  readonly killed: number;
  readonly gaveUp: number;
  readonly slowStops: number;
  /** Files that were compacted beside the run. */
  readonly compacted: number;
  readonly conflicts: number;
  /** Versions of tables that the reader beside the run saw. */
  readonly looks: number;
}

/** What went wrong, and not what went wrong when that was cleared away. */
const firstOf = (error: unknown): unknown =>
  error instanceof SuppressedError ? firstOf(error.suppressed) : error;

/**
 * One run and its judgement: by `cloud verify`, by a query of our own over the data files, and by a reader that looked
 * on. Throws with how to run it again.
 */
export const runStorm = async (seed: number, bed: StormBed, suite: string): Promise<StormOutcome> => {
  const plan = stormPlan(seed);
  try {
    await using run = new StormRun(plan, bed);
    // Not through the line, which loses what passes.
    const direct = { lake: run.place.lake, env: { ...run.place.env, ...bed.s3.env() } };
    await using reader = await TravellingReader.on(direct);
    await run.run();
    const half = await reader.judge();
    if (half.length > 0) throw new Error(`a reader saw what never was: ${half.slice(0, 5).join("; ")}`);
    const verified = await run.verify();
    if (verified.code !== 0)
      throw new Error(`verify ended with ${verified.code}: ${verified.stdout}${verified.stderr}`);
    const { clean, totals } = JSON.parse(verified.stdout) as Verdict;
    const wrong = NOTHING.filter((count) => totals[count] !== 0);
    if (!clean || wrong.length > 0) throw new Error(`verify is not content: ${verified.stdout}`);
    const rows = await findWrongRows(direct, run.promised);
    if (rows.length > 0) throw new Error(`${rows.length} rows are wrong: ${rows.slice(0, 5).join(", ")}`);
    const conflicts = await run.conflicts();
    await bed.forget(run.place);
    return { ...run.met, conflicts, looks: reader.looks };
  } catch (cause) {
    process.stderr.write(`storm ${seed} failed: ${String(firstOf(cause)).slice(0, 2000)}\n`);
    const alone = `ROADSTREAM_SEED=${seed} npx -y pnpm@12 ${suite} storms`;
    throw new Error(`seed ${seed} (${JSON.stringify(plan)}); alone: ${alone}`, { cause });
  }
};
