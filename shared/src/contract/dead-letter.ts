import type { Column } from "./column.ts";
import { added, optional, required } from "./column.ts";
import { MAX_PUBLISH_BYTES } from "./limits.ts";
import type { HeaderClaim } from "./payload-header.ts";
import type { Rejection } from "./rejection.ts";

/** The table of what was refused; partitioned by the UTC day of received_at. */
export const DEAD_LETTERS_COLUMNS = [
  required(
    1,
    "dead_letter_id",
    "string",
    "Names this refusal: the same bytes refused again get the same id.",
    { pattern: "[0-9a-f]{32}", maxLength: 32 },
  ),
  required(2, "reason", "string", "Why, as a name (contract/rejection.ts).", { maxLength: 64 }),
  optional(3, "detail", "string", "For people.", { maxLength: 1000 }),
  optional(4, "vehicle_id", "string", "As far as known.", { maxLength: 64 }),
  optional(5, "boot_id", "string", "As far as known.", { maxLength: 36 }),
  optional(6, "stream", "string", "As far as known.", { maxLength: 64 }),
  optional(7, "seq_from", "int64", "First seq that it stands for.", { min: 1 }),
  optional(8, "seq_to", "int64", "Last seq that it stands for.", { min: 1 }),
  required(9, "topic", "string", "The MQTT or log topic that it came by.", { maxLength: 512 }),
  required(10, "received_at", "timestamp", "When it was refused."),
  optional(11, "payload", "bytes", "The original bytes, cut to the publish limit.", {
    maxLength: MAX_PUBLISH_BYTES,
  }),
  added(
    12,
    "log_partition",
    "int32",
    { nullable: false, origin: "cloud" },
    "Partition of the dead-letter topic.",
  ),
  added(13, "log_offset", "int64", { nullable: false, origin: "cloud" }, "Offset in it."),
  added(
    14,
    "landed_at",
    "timestamp",
    { nullable: false, origin: "cloud" },
    "When it was written to the lake.",
  ),
] as const satisfies readonly Column[];

export interface DeadLetter {
  readonly id: string;
  readonly rejection: Rejection;
  readonly claim: HeaderClaim;
  readonly topic: string;
  readonly receivedAt: string;
  /** Base64 of the original bytes, at most MAX_PUBLISH_BYTES of them. */
  readonly payloadBase64: string;
}

/** The dead-letter topic's value: one JSON object, columns in order. */
export const deadLetterValue = (letter: DeadLetter): string =>
  JSON.stringify({
    v: 1,
    dead_letter_id: letter.id,
    reason: letter.rejection.reason,
    detail: letter.rejection.detail,
    vehicle_id: letter.claim.vehicleId,
    boot_id: letter.claim.bootId,
    stream: letter.claim.stream,
    seq_from: letter.claim.seqFrom,
    seq_to: letter.claim.seqTo,
    topic: letter.topic,
    received_at: letter.receivedAt,
    payload: letter.payloadBase64,
  });
