import type { LogTopics } from "../contract/log-topics.ts";
import type { Zstd } from "../contract/payload.ts";
import type { RejectionReason } from "../contract/rejection.ts";
import type { LogEntry } from "../event-log/event-log.ts";
import type { Sha256 } from "../ports/sha256.ts";

/** What acceptance needs from outside: the log's topic names, a digest, a decompressor. */
export interface AcceptContext {
  readonly topics: LogTopics;
  readonly sha256: Sha256;
  readonly zstd: Zstd;
}

/**
 * A publish turned into log records. Every record of the payload is in it once: canonical in its stream's topic, or
 * with its reason and bytes in the dead-letter topic. Acknowledged when all entries are durable.
 */
export interface Accepted {
  readonly entries: readonly LogEntry[];
  /** How many readings the entries hold. */
  readonly readings: number;
  /** The reasons of the dead letters, one each. */
  readonly rejections: readonly RejectionReason[];
  /** Fields that this contract version does not know, ignored. */
  readonly unknownFields: number;
}
