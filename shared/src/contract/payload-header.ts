/** The header line of a payload: what all of its records share, in plain JSON, so that it stays readable when they are not. */
import { isBootId, isSeq, isVehicleId } from "./identity.ts";
import { digitsUpTo, PLAIN_CHARACTER } from "./patterns.ts";
import { rejection, type Rejection } from "./rejection.ts";
import { isStream, STREAM_NAMES, type StreamName } from "./streams.ts";

export const PAYLOAD_VERSION = 1;
export type PayloadEncoding = "plain" | "zstd";
/** Characters of any of a header's texts. */
const MAX_TEXT = 64;

export interface PayloadHeader {
  readonly vehicleId: string;
  readonly bootId: string;
  readonly stream: StreamName;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly count: number;
  /** The sender's monotonic clock when it sent, and the machine boot that it counts from. */
  readonly sentUptimeMs: number;
  readonly machineBoot: string;
  readonly encoding: PayloadEncoding;
  /** The agent's version, for people. */
  readonly agent: string;
}

export const headerLine = (header: PayloadHeader): string =>
  JSON.stringify({
    roadstream: PAYLOAD_VERSION,
    vehicle_id: header.vehicleId,
    boot_id: header.bootId,
    stream: header.stream,
    first_seq: header.firstSeq,
    last_seq: header.lastSeq,
    count: header.count,
    sent_uptime_ms: header.sentUptimeMs,
    machine_boot: header.machineBoot,
    encoding: header.encoding,
    agent: header.agent,
  });

/** What could be read of a header that is refused, so that its dead letter names as much as possible. */
export interface HeaderClaim {
  readonly vehicleId: string | null;
  readonly bootId: string | null;
  readonly stream: string | null;
  readonly seqFrom: number | null;
  readonly seqTo: number | null;
}

export const NO_CLAIM: HeaderClaim = {
  vehicleId: null,
  bootId: null,
  stream: null,
  seqFrom: null,
  seqTo: null,
};

export type HeaderLine =
  | { readonly kind: "header"; readonly header: PayloadHeader }
  | { readonly kind: "refused"; readonly rejection: Rejection; readonly claim: HeaderClaim }
  /** Anything else: a record, or no JSON at all. */
  | { readonly kind: "none" };

const text = (value: unknown, ok: (text: string) => boolean): string | null =>
  typeof value === "string" && ok(value) ? value : null;
const shortText = (value: string): boolean =>
  value.length > 0 && value.length <= MAX_TEXT && value.isWellFormed() && !value.includes("\0");
const count = (value: unknown): number | null =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : null;

const claimOf = (raw: Readonly<Record<string, unknown>>): HeaderClaim => ({
  vehicleId: text(raw["vehicle_id"], isVehicleId),
  bootId: text(raw["boot_id"], isBootId),
  stream: text(raw["stream"], shortText),
  seqFrom: isSeq(raw["first_seq"]) ? raw["first_seq"] : null,
  seqTo: isSeq(raw["last_seq"]) ? raw["last_seq"] : null,
});

/**
 * A header as an agent writes it ({@link headerLine}), read by its text. It accepts less than {@link readHeader} does:
 * what does not match is not wrong, it takes the long way. A property test holds both ways to the same header.
 */
const HEX = "[0-9a-f]";
const POSITIVE = `[1-9]${digitsUpTo(14)}`;
const PLAIN = `${PLAIN_CHARACTER}+`;
const USUAL_HEADER = new RegExp(
  `^\\{"roadstream":${PAYLOAD_VERSION},"vehicle_id":"([A-Za-z0-9_-]+)",` +
    `"boot_id":"(${HEX.repeat(8)}-${HEX.repeat(4)}-7${HEX.repeat(3)}-[89ab]${HEX.repeat(3)}-${HEX.repeat(12)})",` +
    `"stream":"(${STREAM_NAMES.join("|")})","first_seq":(${POSITIVE}),"last_seq":(${POSITIVE}),` +
    `"count":([1-9]${digitsUpTo(5)}),"sent_uptime_ms":(0|${POSITIVE}),"machine_boot":"(${PLAIN})",` +
    `"encoding":"(plain|zstd)","agent":"(${PLAIN})"\\}$`,
);

const usualHeader = (line: string): PayloadHeader | null => {
  const match = USUAL_HEADER.exec(line);
  if (match === null) return null;
  const [, vehicleId = "", bootId = "", stream, first, last, records, uptime, machineBoot = "", encoding] =
    match;
  const agent = match[10] ?? "";
  const firstSeq = Number(first);
  const lastSeq = Number(last);
  if (lastSeq < firstSeq || Math.max(vehicleId.length, machineBoot.length, agent.length) > MAX_TEXT)
    return null;
  return {
    vehicleId,
    bootId,
    stream: stream as StreamName,
    firstSeq,
    lastSeq,
    count: Number(records),
    sentUptimeMs: Number(uptime),
    machineBoot,
    encoding: encoding as PayloadEncoding,
    agent,
  };
};

const readHeader = (raw: Readonly<Record<string, unknown>>): PayloadHeader | Rejection => {
  const claim = claimOf(raw);
  const sentUptimeMs = count(raw["sent_uptime_ms"]);
  const machineBoot = text(raw["machine_boot"], shortText);
  const records = count(raw["count"]);
  const encoding = raw["encoding"] ?? "plain";
  if (raw["roadstream"] !== PAYLOAD_VERSION)
    return rejection(
      "unknown_version",
      `roadstream: ${JSON.stringify(raw["roadstream"] ?? null).slice(0, 32)}`,
    );
  if (claim.stream === null || !isStream(claim.stream))
    return rejection("unknown_stream", String(claim.stream));
  if (encoding !== "plain" && encoding !== "zstd")
    return rejection("bad_header", "encoding is neither plain nor zstd");
  if (claim.vehicleId === null) return rejection("bad_header", "vehicle_id");
  if (claim.bootId === null) return rejection("bad_header", "boot_id");
  if (claim.seqFrom === null || claim.seqTo === null || claim.seqTo < claim.seqFrom)
    return rejection("bad_header", "first_seq, last_seq");
  if (records === null || records < 1) return rejection("bad_header", "count");
  if (sentUptimeMs === null || machineBoot === null)
    return rejection("bad_header", "sent_uptime_ms, machine_boot");
  return {
    vehicleId: claim.vehicleId,
    bootId: claim.bootId,
    stream: claim.stream,
    firstSeq: claim.seqFrom,
    lastSeq: claim.seqTo,
    count: records,
    sentUptimeMs,
    machineBoot,
    encoding,
    agent: text(raw["agent"], shortText) ?? "unknown",
  };
};

/** Reads a payload's first line. Never throws. */
export const readHeaderLine = (line: string): HeaderLine => {
  const usual = usualHeader(line);
  if (usual !== null) return { kind: "header", header: usual };
  let raw: unknown;
  try {
    raw = JSON.parse(line);
  } catch {
    return { kind: "none" };
  }
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) return { kind: "none" };
  const fields = raw as Readonly<Record<string, unknown>>;
  if (!Object.hasOwn(fields, "roadstream")) return { kind: "none" };
  const header = readHeader(fields);
  return "reason" in header
    ? { kind: "refused", rejection: header, claim: claimOf(fields) }
    : { kind: "header", header };
};
