import { errorText, isRoadstreamError, type Clock, type DurationMs, type Logger } from "@roadstream/shared";
import type { LoadMetrics } from "./load-metrics.ts";
import type { LoadRound, WarehouseLoader } from "./warehouse-loader.ts";

export interface KeepLoadingOptions {
  readonly loader: Pick<WarehouseLoader, "round">;
  readonly every: DurationMs;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: LoadMetrics;
  /** Ends it; a transaction under way is cancelled. */
  readonly signal: AbortSignal;
  readonly onRound?: (round: LoadRound) => void;
}

/** Loads round after round until the signal fires. What a warehouse refuses, or one that is away, is told and tried again. */
export const keepLoading = async (options: KeepLoadingOptions): Promise<void> => {
  const { loader, every, clock, logger, metrics, signal, onRound } = options;
  while (!signal.aborted) {
    try {
      const round = await loader.round();
      metrics.add(round);
      onRound?.(round);
    } catch (error) {
      if (signal.aborted) return;
      if (!isRoadstreamError(error) || error.code === "usage") throw error;
      metrics.failed();
      logger.warn("warehouse_away", { error: errorText(error), hint: error.hint });
    }
    await clock.sleep(every, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }
};
