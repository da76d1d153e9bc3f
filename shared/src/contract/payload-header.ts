/** The header line of a payload: what all of its records share, in plain JSON, so that it stays readable when they are not. */
import { isBootId, isSeq, isVehicleId } from "./identity.ts";
import { BOOT_ID_PATTERN, PLAIN_CHARACTER, VEHICLE_ID_PATTERN } from "./patterns.ts";
import { rejection, type Rejection } from "./rejection.ts";
import { isStream, STREAM_NAMES, type StreamName } from "./streams.ts";

export const PAYLOAD_VERSION = 1;
export type PayloadEncoding = "plain" | "zstd";

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
  value.length > 0 && value.length <= 64 && value.isWellFormed() && !value.includes("\0");
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
const USUAL_HEADER = new RegExp(
  `^\\{"roadstream":${PAYLOAD_VERSION},"vehicle_id":"(${VEHICLE_ID_PATTERN})","boot_id":"(${BOOT_ID_PATTERN})",` +
    `"stream":"(${STREAM_NAMES.join("|")})","first_seq":([1-9]\\d{0,14}),"last_seq":([1-9]\\d{0,14}),` +
    `"count":([1-9]\\d{0,5}),"sent_uptime_ms":(0|[1-9]\\d{0,14}),"machine_boot":"(${PLAIN_CHARACTER}{1,64})",` +
    `"encoding":"(plain|zstd)","agent":"(${PLAIN_CHARACTER}{1,64})"\\}$`,
);

const usualHeader = (line: string): PayloadHeader | null => {
  const match = USUAL_HEADER.exec(line);
  if (match === null) return null;
  const firstSeq = Number(match[4]);
  const lastSeq = Number(match[5]);
  if (lastSeq < firstSeq) return null;
  return {
    vehicleId: match[1] ?? "",
    bootId: match[2] ?? "",
    stream: match[3] as StreamName,
    firstSeq,
    lastSeq,
    count: Number(match[6]),
    sentUptimeMs: Number(match[7]),
    machineBoot: match[8] ?? "",
    encoding: match[9] as PayloadEncoding,
    agent: match[10] ?? "",
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
