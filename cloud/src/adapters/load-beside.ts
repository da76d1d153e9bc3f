import { errorText, type DurationMs } from "@roadstream/shared";
import type { ProcessContext } from "@roadstream/shared/adapters";
import { openLake, type LakeChoice } from "./open-lake.ts";
import { openLoader } from "./open-loader.ts";
import { TABLE_NAMES } from "../lake/table-definition.ts";
import { keepLoading } from "../warehouse/keep-loading.ts";
import { LoadMetrics } from "../warehouse/load-metrics.ts";
import { NO_ROUND, sumRounds } from "../warehouse/sum-rounds.ts";
import type { LoadRound } from "../warehouse/warehouse-loader.ts";

export interface LoadBesideChoice extends LakeChoice {
  readonly warehouse: string;
  readonly warehouseEvery: DurationMs;
}

export interface LoadBeside extends AsyncDisposable {
  /** Begins to load, beside whatever else the process does; nothing that goes wrong with it gets out. */
  begin(): void;
  /** The warehouse, without secrets. */
  readonly name: string;
  /** One round more when all that is to land has landed; what all rounds did together. */
  loadTheRest(): Promise<LoadRound>;
}

/** A loader with eyes of its own on the lake: it shares nothing with ingest but the process. Throws `usage` before anything starts. */
export const loadBeside = (choice: LoadBesideChoice, context: ProcessContext): LoadBeside => {
  const { clock, logger, signal } = context;
  const lake = openLake(choice, context);
  const { loader, name } = openLoader({ ...choice, tables: TABLE_NAMES }, lake, context);
  const metrics = new LoadMetrics(context.metrics, clock);
  const stop = new AbortController();
  let sum = NO_ROUND;
  let loop: Promise<void> = Promise.resolve();
  const begin = (): void => {
    const onRound = (round: LoadRound): void => void (sum = sumRounds(sum, round));
    const options = { ...context, loader, metrics, every: choice.warehouseEvery, onRound };
    loop = keepLoading({ ...options, signal: AbortSignal.any([signal, stop.signal]) }).catch(
      (error: unknown) => logger.error("warehouse_given_up", { warehouse: name, error: errorText(error) }),
    );
  };
  const settle = (): Promise<void> => {
    stop.abort();
    return loop;
  };
  return {
    name,
    begin,
    loadTheRest: async () => {
      await settle();
      const round = await loader.round();
      metrics.add(round);
      return sumRounds(sum, round);
    },
    [Symbol.asyncDispose]: async () => {
      await settle();
      await lake[Symbol.asyncDispose]();
    },
  };
};
