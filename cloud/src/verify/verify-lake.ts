import {
  isRoadstreamError,
  RoadstreamError,
  STREAM_NAMES,
  type Logger,
  type Sha256,
  type LogTopics,
  type TableName,
  type Zstd,
} from "@roadstream/shared";
import type { EventLog } from "@roadstream/shared/event-log";
import type { CurrentHeads } from "../lake/current-heads.ts";
import { TABLE_NAMES } from "../lake/table-definition.ts";
import type { LakeTable, ObjectStore } from "../ports.ts";
import type { AwaitedSeries } from "./earlier-checkpoints.ts";
import { completeThrough, judgeVehicles } from "./judge-vehicles.ts";
import { LakeJudgement } from "./lake-judgement.ts";
import { LOG_MOVED } from "./log-remainder.ts";
import type { LakeRows } from "./ports.ts";
import { addCounts, noReadings, type SeriesReport, type VerifyReport } from "./report.ts";

/** Heads that moved away under the reader are read again this many times. */
const MAX_LOOKS = 5;

export interface VerifyContext {
  readonly store: ObjectStore;
  readonly tables: Readonly<Record<TableName, LakeTable>>;
  readonly rows: LakeRows;
  readonly zstd: Zstd;
  readonly sha256: Sha256;
  readonly topics: LogTopics;
  /** Null: the checkpoints alone say what may still lie in the log. */
  readonly log: EventLog | null;
  readonly logger: Logger;
  /** Every table's head, at one time. */
  readonly heads: () => Promise<CurrentHeads>;
}

export interface VerifyOptions {
  /** Null: all. */
  readonly vehicle: string | null;
}

/**
 * Judges the lake as it stood at one time, also while workers commit: all heads are read once, and everything after
 * follows from the files that they name. Those are never changed, but compaction and expiry remove them in the end, and
 * the log goes on below: if something is gone and the heads have moved, all is read again from the new ones.
 */
export const verifyLake = async (context: VerifyContext, options: VerifyOptions): Promise<VerifyReport> => {
  for (let look = 1; ; look += 1) {
    const heads = await context.heads();
    try {
      const report = await judgeOnce(context, options, heads);
      if (report !== LOG_MOVED && !lacksFiles(report)) return report;
      if (look === MAX_LOOKS || !(await haveMoved(context, heads))) {
        if (report === LOG_MOVED) throw logGone();
        return report;
      }
    } catch (error) {
      const mayPass = isRoadstreamError(error, "table_invalid") || isRoadstreamError(error, "storage");
      if (!mayPass || look === MAX_LOOKS || !(await haveMoved(context, heads))) throw error;
      context.logger.info("read_again", { because: error.message });
    }
  }
};

const judgeOnce = async (
  context: VerifyContext,
  options: VerifyOptions,
  heads: CurrentHeads,
): Promise<VerifyReport | typeof LOG_MOVED> => {
  const judgement = new LakeJudgement(context, options, heads);
  judgement.judgeHistories();
  await judgement.listenToCars();
  if ((await judgement.readDeadLetters()) === LOG_MOVED) return LOG_MOVED;
  const series: SeriesReport[] = [];
  const awaited: AwaitedSeries[] = [];
  for (const stream of STREAM_NAMES) {
    const judged = await judgement.judgeStream(stream);
    if (judged === LOG_MOVED) return LOG_MOVED;
    for (const one of judged.series) series.push(one);
    for (const one of judged.awaited) awaited.push(one);
  }
  const totals = noReadings();
  for (const one of series) addCounts(totals, one);
  const { fleet, problems } = judgement;
  const vehicles = judgeVehicles(series, fleet, await judgement.throughEarlier(awaited));
  const clean = totals.lost === 0 && totals.doubled === 0 && problems.length === 0;
  return { clean, complete_through: completeThrough(vehicles), totals, series, vehicles, problems };
};

const lacksFiles = ({ problems }: VerifyReport): boolean =>
  problems.some(({ code }) => code === "files_missing");

const haveMoved = async (context: VerifyContext, heads: CurrentHeads): Promise<boolean> => {
  const now = await context.heads();
  return TABLE_NAMES.some((table) => now[table]?.version !== heads[table]?.version);
};

const logGone = (): RoadstreamError =>
  new RoadstreamError("log_mismatch", "the log no longer holds what the lake would read next", {
    hint: "It was cut or rewound. Leave out --log to be told what the cars' checkpoints say.",
  });
