import { canonicalRecord, CONTRACT_VERSION } from "../contract/canonical-record.ts";
import { isBootId, isSeq } from "../contract/identity.ts";
import { type HeaderClaim, NO_CLAIM, type PayloadHeader } from "../contract/payload-header.ts";
import { rejection, type Rejection } from "../contract/rejection.ts";
import type { StreamName } from "../contract/streams.ts";
import { pictureFault } from "./picture.ts";

/** What all records of one publish share. */
export interface RecordFrame {
  readonly clientId: string;
  readonly stream: StreamName;
  /** Null for bare records, which say everything themselves. */
  readonly header: PayloadHeader | null;
  readonly receivedAt: string;
}

export type RecordOutcome =
  | {
      readonly ok: true;
      readonly line: string;
      readonly bootId: string;
      readonly seq: number;
      readonly unknownFields: number;
    }
  | { readonly ok: false; readonly rejection: Rejection; readonly claim: HeaderClaim };

type Fields = Record<string, unknown>;

type ParsedRecord =
  | { readonly ok: true; readonly fields: Fields }
  | { readonly ok: false; readonly rejection: Rejection };

const parseObject = (text: string): ParsedRecord => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, rejection: rejection("not_json", text.slice(0, 80)) };
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return { ok: true, fields: value as Fields };
  const kind = value === null ? "null" : Array.isArray(value) ? "an array" : `a ${typeof value}`;
  return { ok: false, rejection: rejection("not_object", kind) };
};

// An inherited name such as "constructor" must read as absent; JSON.parse makes even "__proto__" an own property.
const own = (fields: Fields, name: string): unknown =>
  Object.hasOwn(fields, name) ? (fields[name] ?? null) : null;

const claimOf = (frame: RecordFrame, fields: Fields | null): HeaderClaim => {
  const bootId = fields === null ? null : own(fields, "boot_id");
  const seq = fields === null ? null : own(fields, "seq");
  const ownBoot = typeof bootId === "string" && isBootId(bootId) ? bootId : null;
  return {
    ...NO_CLAIM,
    stream: frame.stream,
    bootId: ownBoot ?? frame.header?.bootId ?? null,
    seqFrom: isSeq(seq) ? seq : null,
    seqTo: isSeq(seq) ? seq : null,
  };
};

/** What the record says against the publish that it came in; null when nothing. */
const contradiction = (frame: RecordFrame, fields: Fields): Rejection | null => {
  const version = own(fields, "v");
  if (version !== null && version !== CONTRACT_VERSION)
    return rejection("unknown_version", `v: ${JSON.stringify(version).slice(0, 32)}`);
  const vehicleId = own(fields, "vehicle_id");
  if (vehicleId !== null && vehicleId !== frame.clientId)
    return rejection("wrong_vehicle", "the record's vehicle_id is not the client's");
  const stream = own(fields, "stream");
  if (stream !== null && stream !== frame.stream)
    return rejection("wrong_stream", "the record's stream is not the topic's");
  const { header } = frame;
  if (header === null) return null;
  const bootId = own(fields, "boot_id");
  if (bootId !== null && bootId !== header.bootId)
    return rejection("seq_outside_header", "the record's boot_id is not the header's");
  const seq = own(fields, "seq");
  if (isSeq(seq) && (seq < header.firstSeq || seq > header.lastSeq)) {
    return rejection("seq_outside_header", `${seq} is not in ${header.firstSeq}..${header.lastSeq}`);
  }
  return null;
};

/** Puts the header under the record's own fields and the gateway's over them. `fields` is ours: fresh from JSON.parse. */
const merge = (frame: RecordFrame, fields: Fields): void => {
  const { header } = frame;
  fields["vehicle_id"] = frame.clientId;
  fields["received_at"] = frame.receivedAt;
  if (header === null) {
    if (Object.hasOwn(fields, "sent_uptime_ms")) fields["sent_uptime_ms"] = null;
    return;
  }
  fields["boot_id"] = header.bootId;
  const machineBoot = own(fields, "machine_boot") ?? header.machineBoot;
  fields["machine_boot"] = machineBoot;
  // Uptimes of two machine boots cannot be subtracted.
  fields["sent_uptime_ms"] = machineBoot === header.machineBoot ? header.sentUptimeMs : null;
};

/** Checks one record's text and writes its canonical log line. Never throws. */
export const acceptRecord = (frame: RecordFrame, text: string): RecordOutcome => {
  const parsed = parseObject(text);
  if (!parsed.ok) return { ok: false, rejection: parsed.rejection, claim: claimOf(frame, null) };
  const { fields } = parsed;
  const wrong = contradiction(frame, fields);
  if (wrong !== null) return { ok: false, rejection: wrong, claim: claimOf(frame, fields) };
  merge(frame, fields);
  const outcome = canonicalRecord(frame.stream, fields);
  if (!outcome.ok) return { ok: false, rejection: outcome.rejection, claim: claimOf(frame, fields) };
  if (frame.stream === "traffic_data") {
    const fault = pictureFault(String(fields["snapshot"]), Number(fields["size_bytes"]));
    if (fault !== null) return { ok: false, rejection: fault, claim: claimOf(frame, fields) };
  }
  return {
    ok: true,
    line: outcome.line,
    bootId: String(fields["boot_id"]),
    seq: Number(fields["seq"]),
    unknownFields: outcome.unknownFields,
  };
};
