import type { PlanInput } from "./plan/stage-spec.ts";
import { cloudToolArgv, drainArgv } from "./plan/stage-spec.ts";
import type { PathRun } from "./path-run.ts";
import type { Launcher } from "./ports.ts";
import type { CounterBook, CounterName } from "./progress/counter-book.ts";
import { COUNTERS } from "./progress/stage-counters.ts";
import { runTool } from "./run-tool.ts";
import type { DemoReport } from "./summary/demo-report.ts";
import { distanceSql, EXAMPLE } from "./summary/questions.ts";
import { latencyOf, publishedBytes, writtenFiles } from "./summary/stage-reports.ts";
import { streamCounts } from "./summary/stream-counts.ts";
import { parseVerifyReport, type VerifyReport } from "./summary/verify-report.ts";
import type { StageSupervisor } from "./supervise/stage-supervisor.ts";

/** `cloud verify` found a defect: a verdict, not a failure to judge. */
const EXIT_DEFECT = 3;

export interface JudgeInput {
  readonly launcher: Launcher;
  readonly input: PlanInput;
  readonly path: PathRun;
  readonly book: CounterBook;
  readonly signal: AbortSignal;
}

export type Verdict = Pick<
  DemoReport,
  "ok" | "streams" | "latency_ms" | "bytes_per_km" | "distance_km" | "files" | "restarts" | "verify"
> & {
  /** What the lake answered to the example question, as a table. */
  readonly answer: string;
  readonly sentBytes: number;
};

/** After the stages have ended: lands what is left in the log, and asks the lake what came of it all. */
export const judgeRun = async (around: JudgeInput): Promise<Verdict> => {
  const { path, launcher, input, book, signal } = around;
  const drained = await runTool(launcher, { name: "cloud-drain", argv: drainArgv(input), signal });
  const boots = path.agents.flatMap((agent) => agent.boots);
  const [verify, distanceKm, answer] = await Promise.all([
    askVerify(around),
    askDistance(around, boots),
    askSql(around, EXAMPLE.sql, "table"),
  ]);
  const sentBytes = path.agents.reduce(
    (sum, agent) => sum + total(agent, book, publishedBytes, COUNTERS.sentBytes),
    0,
  );
  const files = total(path.cloud, book, writtenFiles, COUNTERS.files) + (writtenFiles(drained.stdout) ?? 0);
  return {
    ok: verify.clean,
    streams: streamCounts(verify, new Set(boots)),
    latency_ms: latencyOf([...path.cloud.starts.map((start) => start.stdout()), drained.stdout]),
    bytes_per_km: distanceKm > 0 ? Math.round(sentBytes / distanceKm) : null,
    distance_km: Math.round(distanceKm * 10) / 10,
    files,
    restarts: path.restarts,
    verify,
    answer,
    sentBytes,
  };
};

const askVerify = async ({ launcher, input, signal }: JudgeInput): Promise<VerifyReport> => {
  const argv = cloudToolArgv(input, "verify", "--log", input.logSpec, "--json");
  const success = [0, EXIT_DEFECT];
  return parseVerifyReport((await runTool(launcher, { name: "cloud-verify", argv, success, signal })).stdout);
};

const askSql = async (
  { launcher, input, signal }: JudgeInput,
  sql: string,
  format: "table" | "json",
): Promise<string> => {
  const argv = cloudToolArgv(input, "sql", sql, "--format", format);
  return (await runTool(launcher, { name: "cloud-sql", argv, signal })).stdout;
};

const askDistance = async (around: JudgeInput, boots: readonly string[]): Promise<number> => {
  if (boots.length === 0) return 0;
  const [row] = JSON.parse(await askSql(around, distanceSql(boots), "json")) as { km?: number }[];
  return row?.km ?? 0;
};

/** Over all starts of a stage: by its own last word, and for a start that was killed by what was seen of it last. */
const total = (
  stage: StageSupervisor,
  book: CounterBook,
  lastWord: (stdout: string) => number | null,
  counter: CounterName,
): number =>
  stage.starts.reduce(
    (sum, start) => sum + (lastWord(start.stdout()) ?? book.ofStart(stage.spec.name, start.pid, counter)),
    0,
  );
