import { mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { RoadstreamError } from "@roadstream/shared";
import { runStage } from "../processes/start-stage.ts";

export interface FreshnessBench {
  readonly name: "freshness";
  readonly unit: "milliseconds from capture to queryable";
  /** As the cloud stage measures them of all readings, on the machine's monotonic clock; null: of none. */
  readonly p50: number | null;
  readonly p99: number | null;
  readonly target: number;
  /** Those of the car that landed. */
  readonly readings: number;
  readonly seconds: number;
  /** Processes that wanted a CPU in its last minute. Far above the demo's own one or two, the machine was not its alone. */
  readonly load: number;
  readonly ok: boolean;
}

/** What `roadstream demo --json` prints, as far as it is judged here. */
interface DemoSays {
  readonly ok: boolean;
  readonly elapsed_s: number;
  readonly latency_ms: { readonly p50: number | null; readonly p99: number | null };
  readonly streams: Readonly<Record<string, { readonly landed: number }>>;
}

const TARGET_MS = 2_000;
/** The whole trip takes about two and a half minutes. */
const DEADLINE_MS = 600_000;

/** The demo as people start it, with none of its settings changed: one car, the whole trip, every stage a process. */
const runDemo = async (): Promise<DemoSays> => {
  const scratch = await mkdtemp(join(tmpdir(), "bench-freshness-"));
  try {
    const args = ["--data", join(scratch, "demo"), "--json"];
    const { code, stdout, stderr } = await runStage("demo", args, { deadlineMs: DEADLINE_MS });
    if (code !== 0) throw new RoadstreamError("refused", `the demo ended with ${code}:\n${stderr}`);
    return JSON.parse(stdout) as DemoSays;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
};

/** How old a reading is when a query can find it first, in the demo's settings. */
export const benchFreshness = async (): Promise<FreshnessBench> => {
  const { ok, elapsed_s, latency_ms, streams } = await runDemo();
  const { p50, p99 } = latency_ms;
  return {
    name: "freshness",
    unit: "milliseconds from capture to queryable",
    p50,
    p99,
    target: TARGET_MS,
    readings: Object.values(streams).reduce((sum, { landed }) => sum + landed, 0),
    seconds: elapsed_s,
    load: Math.round(10 * (loadavg()[0] ?? Number.NaN)) / 10,
    ok: ok && p99 !== null && p99 < TARGET_MS,
  };
};
