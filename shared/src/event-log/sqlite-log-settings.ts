import { hours, millis, minutes, seconds, type DurationMs } from "../time/time.ts";

export interface SqliteLogSettings {
  /** Records beyond this many bytes are answered `full`, and PUBACKs wait. */
  readonly budgetBytes: number;
  /** Durable segments stay this long, for `trace` and for a look at what went wrong ... */
  readonly keepAge: DurationMs;
  /** ... unless the log holds more than this. */
  readonly keepBytes: number;
  /**
   * A transaction begins no sooner than this after the last one, so that under load more appends share its fsync. Alone,
   * an append does not wait.
   */
  readonly pace: DurationMs;
  /** A worker that is not heard of for this long loses its partitions. */
  readonly lease: DurationMs;
  readonly heartbeat: DurationMs;
  /** A worker that does not poll for this long is taken for stuck: its lease is no longer renewed. */
  readonly longestSilence: DurationMs;
  /** How often a waiting poll looks whether another process has written. */
  readonly look: DurationMs;
  /** How long SQLite waits for another process's transaction before a call fails. Blocks this process. */
  readonly busy: DurationMs;
}

export const SQLITE_LOG_DEFAULTS: SqliteLogSettings = {
  budgetBytes: 4 * 1024 ** 3,
  keepAge: hours(1),
  keepBytes: 1024 ** 3,
  pace: millis(2),
  lease: seconds(10),
  heartbeat: seconds(1),
  longestSilence: minutes(5),
  look: millis(25),
  busy: seconds(2),
};
