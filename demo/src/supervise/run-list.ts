import type { StageName } from "../plan/stage-spec.ts";
import type { StageSupervisor } from "./stage-supervisor.ts";

/** A stage that runs, or is about to be started again: one element of run.json. */
export interface RunEntry {
  readonly stage: StageName;
  readonly pid: number;
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly restarts: number;
}

export const runList = (supervisors: readonly StageSupervisor[]): readonly RunEntry[] =>
  supervisors.flatMap(({ spec, state, process, restarts }) => {
    if (process === null || state === "ended") return [];
    const { pid, argv, cwd } = process;
    return [{ stage: spec.stage, pid, argv, cwd, restarts }];
  });
