/** Why a record or a payload is refused, and what each name means. The name is counted, goes to the dead letter, and never changes. */
export const REJECTIONS = {
  // payload
  oversize: "The publish or the record is larger than its limit.",
  bad_topic: "The MQTT topic is no uplink topic of this version.",
  bad_header: "The header line lacks a field or holds a wrong one.",
  unknown_version: "The payload or the record is of another major version.",
  unknown_stream: "No stream has this name.",
  wrong_vehicle: "The topic, the payload and the client id do not name the same vehicle.",
  wrong_stream: "The topic and the payload do not name the same stream.",
  bad_compression: "The body says zstd, and is not.",
  decompression_bomb: "The body grows beyond its limit.",
  too_many_records: "More records than one publish may hold.",
  count_mismatch: "The body holds another number of records than the header says.",
  // record
  not_utf8: "The text is not UTF-8.",
  not_json: "The record is not JSON.",
  not_object: "The record is JSON, and not an object.",
  missing_field: "A required column is absent or null.",
  wrong_type: "A value is of another type than its column, or a fraction where a whole number stands.",
  not_finite: "A number is too large for a double (1e400).",
  out_of_range: "A number is outside its column's limits.",
  not_allowed: "A word is not one of its column's values.",
  bad_string: "A string does not match its column's pattern, or holds NUL or half a surrogate pair.",
  too_long: "A string or base64 text is longer than its column allows.",
  bad_time: "A time is not ISO 8601 with milliseconds and Z, or does not exist (30 February).",
  bad_bytes: "Bytes are not base64.",
  bad_picture: "A picture's bytes are no JPEG of the stated size.",
  half_position: "One of latitude and longitude is given without the other.",
  position_without_fix: "A position is given where the receiver had no fix.",
  time_without_clock: "captured_at is absent although a clock is named.",
  seq_outside_header: "A record's seq lies outside the range that the header says.",
  duplicate_in_payload: "Two records of one publish have the same seq.",
  // later stages
  quarantined: "The agent set the record aside because publishing it broke the connection again and again.",
} as const;

export type RejectionReason = keyof typeof REJECTIONS;
export const REJECTION_REASONS = Object.keys(REJECTIONS) as readonly RejectionReason[];

export interface Rejection {
  readonly reason: RejectionReason;
  /** For people: the column and what was wrong. Bounded, never the whole payload. */
  readonly detail: string;
}

export const rejection = (reason: RejectionReason, detail: string): Rejection => ({
  reason,
  detail: detail.slice(0, 500),
});
