/** Why a record or a payload is refused. The name is counted, goes to the dead letter, and never changes. */
export const REJECTION_REASONS = [
  // payload
  "oversize",
  "bad_topic",
  "bad_header",
  "unknown_version",
  "unknown_stream",
  "wrong_vehicle",
  "wrong_stream",
  "bad_compression",
  "decompression_bomb",
  "too_many_records",
  "count_mismatch",
  // record
  "not_utf8",
  "not_json",
  "not_object",
  "missing_field",
  "wrong_type",
  "not_finite",
  "out_of_range",
  "not_allowed",
  "bad_string",
  "too_long",
  "bad_time",
  "bad_bytes",
  "bad_picture",
  "half_position",
  "position_without_fix",
  "time_without_clock",
  "seq_outside_header",
  "duplicate_in_payload",
  // later stages
  "too_late",
  "quarantined",
] as const;

export type RejectionReason = (typeof REJECTION_REASONS)[number];

export interface Rejection {
  readonly reason: RejectionReason;
  /** For people: the column and what was wrong. Bounded, never the whole payload. */
  readonly detail: string;
}

export const rejection = (reason: RejectionReason, detail: string): Rejection => ({
  reason,
  detail: detail.slice(0, 500),
});
