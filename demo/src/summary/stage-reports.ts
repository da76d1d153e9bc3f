import { z } from "zod";

const CLOUD_REPORT = z.looseObject({
  tables: z.record(z.string(), z.looseObject({ files: z.number() })),
  latency_ms: z.object({ p50: z.number().nullable(), p99: z.number().nullable(), readings: z.number() }),
});
const AGENT_REPORT = z.looseObject({ published_bytes: z.number() });

const parse = <T>(schema: z.ZodType<T>, stdout: string): T | null => {
  try {
    return schema.parse(JSON.parse(stdout));
  } catch {
    // A stage that was killed says nothing, or half of it.
    return null;
  }
};

export interface Latency {
  readonly p50: number | null;
  readonly p99: number | null;
}

/**
 * Capture to queryable, as the cloud stage measured it. Percentiles of two processes cannot be added: that of the one
 * which landed most is told.
 */
export const latencyOf = (outputs: readonly string[]): Latency => {
  const reports = outputs.flatMap((stdout) => parse(CLOUD_REPORT, stdout)?.latency_ms ?? []);
  const most = reports.sort((a, b) => b.readings - a.readings)[0];
  return { p50: most?.p50 ?? null, p99: most?.p99 ?? null };
};

/** How many data files a cloud stage said it wrote, null where it did not come to say it. */
export const writtenFiles = (stdout: string): number | null => {
  const report = parse(CLOUD_REPORT, stdout);
  return report === null ? null : Object.values(report.tables).reduce((sum, { files }) => sum + files, 0);
};

/** What an agent said it published in all, null where it did not come to say it. */
export const publishedBytes = (stdout: string): number | null =>
  parse(AGENT_REPORT, stdout)?.published_bytes ?? null;
