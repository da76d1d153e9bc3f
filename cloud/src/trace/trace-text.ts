import type { TraceReport } from "./trace-report.ts";

const STAGE_WIDTH = 11;
const TIME_WIDTH = 26;

/** A report for people: what became of it, then its steps, one a line. */
export const traceText = (report: TraceReport): string =>
  [
    `${report.id}: ${report.fate.replaceAll("_", " ")}`,
    report.words,
    ...(report.steps.length === 0 ? [] : [""]),
    ...report.steps.map(
      ({ stage, at, words }) => `${stage.padEnd(STAGE_WIDTH)}${(at ?? "").padEnd(TIME_WIDTH)}${words}`,
    ),
    ...(report.capture_to_queryable_ms === null
      ? []
      : ["", `From capture to queryable: ${(report.capture_to_queryable_ms / 1000).toFixed(3)} s`]),
    "",
  ].join("\n");
