import { killPlan, type KillPlan } from "./kill-plan.ts";
import { KillRun } from "./kill-run.ts";
import { findWrongRows } from "./landed-rows.ts";

export interface Verdict {
  readonly clean: boolean;
  readonly totals: Readonly<Record<string, number>>;
}

/** What must be nothing once everything has come home. */
export const NOTHING = [
  "lost",
  "doubled",
  "rejected",
  "declared_gap",
  "in_log",
  "in_car",
  "unknown",
  "removed",
  "foreign",
];

const COMMAND = {
  one_scene: "exec vitest run --project system",
  two_scenes: "test:faults",
} as const;

/** One run and its judgement, by `cloud verify` and by a query of our own. Throws with how to run it again. */
export const runAndJudge = async (
  seed: number,
  kind: "one_scene" | "two_scenes",
  folder: string,
): Promise<{ readonly plan: KillPlan; readonly met: ReadonlySet<string> }> => {
  const plan = killPlan(seed, kind);
  try {
    await using run = new KillRun(plan, folder);
    await run.run();
    const verified = await run.verify();
    if (verified.code !== 0)
      throw new Error(`verify ended with ${verified.code}: ${verified.stdout}${verified.stderr}`);
    const { clean, totals } = JSON.parse(verified.stdout) as Verdict;
    const wrong = NOTHING.filter((count) => totals[count] !== 0);
    if (!clean || wrong.length > 0) throw new Error(`verify is not content: ${verified.stdout}`);
    const rows = await findWrongRows({ lake: `file:${run.lake}`, env: {} }, run.promised);
    if (rows.length > 0) throw new Error(`${rows.length} rows are wrong: ${rows.slice(0, 5).join(", ")}`);
    return { plan, met: run.met };
  } catch (cause) {
    const alone = `ROADSTREAM_SEED=${seed} npx -y pnpm@12 ${COMMAND[kind]} kills`;
    throw new Error(`seed ${seed} (${JSON.stringify(plan)}); alone: ${alone}`, { cause });
  }
};
