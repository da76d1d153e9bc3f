import { MAX_BATCH_BYTES, MAX_BATCH_ROWS, millis, minutes, type RetrySchedule } from "@roadstream/shared";

/** A table's batch ends at the first of these, or at the commit interval. */
export const BATCH_MAX_BYTES = MAX_BATCH_BYTES;
export const BATCH_MAX_ROWS = MAX_BATCH_ROWS;
/** One poll of the log. */
export const POLL_MAX_BYTES = 16 * 1024 * 1024;
/** Longest wait in one poll: a revocation is heard of at least this often. */
export const POLL_WAIT = millis(250);
/** All tables together; above it the log is not read until a commit is through. */
export const HELD_MAX_BYTES = 256 * 1024 * 1024;
/** Commits at the same time, each of another table. */
export const CONCURRENT_COMMITS = 2;
/**
 * Data files of one commit; a batch of more days is committed in parts. Above the days that times are trusted for (from
 * 2020 on), since parts do not help where days come interleaved: each half would have as many.
 */
export const COMMIT_MAX_DAYS = 4096;
/** Rows that the database and the contract judge differently, set aside one by one, before the worker gives up. */
export const BATCH_MAX_QUARANTINED = 100;
/** Latencies longer than this are back-fill, not latency. */
export const LATENCY_MAX = minutes(10);
/** After a store or log that is away: the batch is read again. */
export const UNAVAILABLE_SCHEDULE: RetrySchedule = { firstMs: 200, factor: 2, maxMs: 10_000, jitter: 0.5 };
/** Consecutive failures of that kind before the worker stops with the last one. */
export const UNAVAILABLE_MAX_ATTEMPTS = 60;
/** A captured_at before this, or further ahead of received_at than that, is a clock that was never set, or a receiver's weeks rolled over. */
export const TRUSTED_SINCE_MS = Date.UTC(2020, 0, 1);
export const TRUSTED_AHEAD_MS = 86_400_000;
