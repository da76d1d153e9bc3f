import type { IngestMetrics } from "../../ingest/ingest-metrics.ts";

/** What one worker did, for `--json` and for whoever reads its last line. */
export const runSummary = (metrics: IngestMetrics, elapsedS: number): Readonly<Record<string, unknown>> => {
  const tables = [...metrics.totals].map(([table, totals]) => {
    const { fileBytes, ...counts } = totals;
    return [table, { ...counts, file_bytes: fileBytes }];
  });
  return {
    ok: true,
    elapsed_s: Math.round(elapsedS * 1000) / 1000,
    tables: Object.fromEntries(tables) as Record<string, unknown>,
    rejected: Object.fromEntries(metrics.rejectedBy),
    latency_ms: {
      p50: metrics.latency.percentile(0.5),
      p99: metrics.latency.percentile(0.99),
      readings: metrics.latency.count,
    },
  };
};
