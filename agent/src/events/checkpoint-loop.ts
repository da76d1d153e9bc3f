import { hours, minutes, type Clock, type DurationMs } from "@roadstream/shared";
import type { Outbox } from "../ports.ts";

const CHECKPOINT_EVERY: DurationMs = minutes(1);
/** While nobody hears it, each further checkpoint only fills the outbox: the newest says everything. */
const CHECKPOINT_EVERY_OFFLINE: DurationMs = hours(1);

/** Checkpoints, each minute while connected and within a minute of a new connection, until the signal fires. */
export const runCheckpoints = async (options: {
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly isConnected: () => boolean;
  readonly signal: AbortSignal;
}): Promise<void> => {
  const { outbox, clock, isConnected, signal } = options;
  let last = clock.uptime();
  while (!signal.aborted) {
    await clock.sleep(CHECKPOINT_EVERY, signal).catch(() => undefined);
    if (signal.aborted) return;
    if (!isConnected() && clock.uptime() - last < CHECKPOINT_EVERY_OFFLINE) continue;
    await outbox.checkpoint("periodic");
    last = clock.uptime();
  }
};
