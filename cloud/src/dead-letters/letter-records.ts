import {
  bodyLines,
  isStream,
  isVehicleId,
  parseIsoTime,
  parseUplinkTopic,
  rejection,
  splitPayload,
  type PayloadHeader,
  type RecordFrame,
  type Rejection,
  type StreamName,
  type Zstd,
} from "@roadstream/shared";
import type { StoredLetter } from "./stored-letter.ts";

export type RecordFields = Readonly<Record<string, unknown>>;

/** One record out of a letter, as an object that a transform may change, and what it is judged within. */
interface LetterRecord {
  readonly fields: RecordFields;
  readonly frame: RecordFrame;
}

export type LetterRecords =
  | { readonly ok: true; readonly records: readonly LetterRecord[] }
  | { readonly ok: false; readonly rejection: Rejection };

/** A record refused by itself has lost its publish's header; a reader of the row should see that it has. */
const UNKNOWN_MACHINE_BOOT = "unknown";

const refused = (why: Rejection): LetterRecords => ({ ok: false, rejection: why });

const objectOf = (text: string): RecordFields | Rejection => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return rejection("not_json", text.slice(0, 80));
  }
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as RecordFields)
    : rejection("not_object", text.slice(0, 80));
};

const isRejection = (value: RecordFields | Rejection): value is Rejection =>
  Object.keys(value).length === 2 && Object.hasOwn(value, "reason") && Object.hasOwn(value, "detail");

const own = (fields: RecordFields, name: string): unknown =>
  Object.hasOwn(fields, name) ? fields[name] : undefined;

/** When the gateway took it: a record of the log says so itself. */
const receivedAt = (fields: RecordFields, letter: StoredLetter): string => {
  const said = own(fields, "received_at");
  return typeof said === "string" && parseIsoTime(said) !== null ? said : letter.receivedAt;
};

/** What is known of a record beside its text, under what it says itself. */
const completed = (fields: RecordFields, letter: StoredLetter, header: PayloadHeader | null): RecordFields =>
  header !== null
    ? fields
    : {
        ...(letter.bootId === null ? {} : { boot_id: letter.bootId }),
        ...(letter.seqFrom !== null && letter.seqFrom === letter.seqTo ? { seq: letter.seqFrom } : {}),
        machine_boot: UNKNOWN_MACHINE_BOOT,
        ...fields,
      };

const recordsOf = (
  letter: StoredLetter,
  texts: readonly string[],
  stream: StreamName,
  header: PayloadHeader | null,
): LetterRecords => {
  const records: LetterRecord[] = [];
  for (const text of texts) {
    const fields = objectOf(text);
    if (isRejection(fields)) return refused(fields);
    const frame = {
      clientId: letter.vehicleId ?? "",
      stream,
      header,
      receivedAt: receivedAt(fields, letter),
    };
    records.push({ fields: completed(fields, letter, header), frame });
  }
  return { ok: true, records };
};

/** The records that a letter's bytes hold, of the vehicle under which the letter stands. */
export const letterRecords = (letter: StoredLetter, zstd: Zstd): LetterRecords => {
  if (letter.vehicleId === null || !isVehicleId(letter.vehicleId))
    return refused(rejection("wrong_vehicle", "the letter names no vehicle"));
  const topic = parseUplinkTopic(letter.topic);
  if (topic !== null && topic.vehicleId !== letter.vehicleId)
    return refused(rejection("wrong_vehicle", "it came by another vehicle's topic"));
  const stream = letter.stream ?? (topic?.kind === "stream" ? topic.stream : "");
  if (!isStream(stream)) return refused(rejection("unknown_stream", stream));
  const split = splitPayload(letter.payload);
  if (split.kind === "refused") return refused(split.rejection);
  const header = split.kind === "with_header" ? split.header : null;
  const body = bodyLines(split.body, header?.encoding ?? "plain", zstd);
  if (!body.ok) return refused(body.rejection);
  if (body.lines.length === 0) return refused(rejection("not_json", "no record"));
  return recordsOf(letter, body.lines, stream, header);
};
