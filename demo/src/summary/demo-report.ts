import { redactUrl, type StreamName } from "@roadstream/shared";
import type { Verdict } from "../judge-run.ts";
import type { DemoValues } from "../config.ts";
import type { DemoPaths } from "../plan/demo-paths.ts";
import type { Latency } from "./stage-reports.ts";
import type { StreamCounts } from "./stream-counts.ts";
import type { VerifyReport } from "./verify-report.ts";

/** The object that `--json` prints. */
export interface DemoReport {
  readonly ok: boolean;
  readonly seed: number;
  readonly elapsed_s: number;
  /** Of the boots of this run. */
  readonly streams: Readonly<Record<StreamName, StreamCounts>>;
  readonly latency_ms: Latency;
  /** Null when nothing was driven. */
  readonly bytes_per_km: number | null;
  readonly distance_km: number;
  /** Data files that the tables consist of now. */
  readonly files: number;
  readonly restarts: number;
  /** The whole lake, earlier runs included. */
  readonly verify: VerifyReport;
  readonly paths: {
    readonly data: string;
    readonly log: string;
    readonly lake: string;
    readonly run: string;
    readonly output: string;
  };
}

export const demoReport = (of: {
  readonly verdict: Verdict;
  readonly values: Pick<DemoValues, "seed" | "log" | "lake">;
  readonly elapsedS: number;
  readonly paths: DemoPaths;
}): DemoReport => {
  const { verdict, values, elapsedS, paths } = of;
  return {
    ok: verdict.ok,
    seed: values.seed,
    elapsed_s: Math.round(elapsedS * 10) / 10,
    streams: verdict.streams,
    latency_ms: verdict.latency_ms,
    bytes_per_km: verdict.bytes_per_km,
    distance_km: verdict.distance_km,
    files: verdict.files,
    restarts: verdict.restarts,
    verify: verdict.verify,
    paths: {
      data: paths.folder,
      log: values.log === null ? paths.log : redactUrl(values.log),
      lake: values.lake === null ? paths.lake : redactUrl(values.lake),
      run: paths.run,
      output: paths.output,
    },
  };
};
