/**
 * One MQTT publish: a header line of plain JSON, a newline, and the body: records as newline-delimited JSON, plain or
 * zstd. The header stays readable when the body does not, so a dead letter still names its range.
 */
import { isBootId, isSeq, isVehicleId } from "./identity.ts";
import { MAX_HEADER_BYTES } from "./limits.ts";
import { rejection, type Rejection } from "./rejection.ts";
import { isStream, type StreamName } from "./streams.ts";

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

/** Compression is injected: the contract does no I/O. See adapters/node-zstd.ts. */
export interface Zstd {
  compress(bytes: Uint8Array): Uint8Array;
  /** Null when it is no zstd frame; `too_large` when the result would pass `maxBytes`. */
  decompress(bytes: Uint8Array, maxBytes: number): Uint8Array | null | "too_large";
}

const NEWLINE = 0x0a;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

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

/**
 * Builds a payload from records' JSON texts (without what the header says, no raw newline). Compresses when that makes
 * it smaller. The caller keeps the result below MAX_PUBLISH_BYTES by splitting.
 */
export const buildPayload = (
  header: Omit<PayloadHeader, "encoding" | "count">,
  records: readonly string[],
  zstd: Zstd | null,
): Uint8Array => {
  const plain = encoder.encode(records.join("\n"));
  const packed = zstd === null ? null : zstd.compress(plain);
  const useZstd = packed !== null && packed.length < plain.length;
  const body = useZstd ? packed : plain;
  const line = encoder.encode(
    `${headerLine({ ...header, count: records.length, encoding: useZstd ? "zstd" : "plain" })}\n`,
  );
  const payload = new Uint8Array(line.length + body.length);
  payload.set(line, 0);
  payload.set(body, line.length);
  return payload;
};

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

export type SplitPayload =
  | { readonly kind: "with_header"; readonly header: PayloadHeader; readonly body: Uint8Array }
  /** No header: plain records, each complete in itself (`mosquitto_pub` by hand). */
  | { readonly kind: "bare"; readonly body: Uint8Array }
  | { readonly kind: "refused"; readonly rejection: Rejection; readonly claim: HeaderClaim };

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

/** Separates header and body. Never throws; the body is not touched. */
export const splitPayload = (payload: Uint8Array): SplitPayload => {
  const refuse = (why: Rejection, claim: HeaderClaim): SplitPayload => ({
    kind: "refused",
    rejection: why,
    claim,
  });
  const newline = payload.subarray(0, MAX_HEADER_BYTES + 1).indexOf(NEWLINE);
  const first = newline === -1 ? payload.subarray(0, MAX_HEADER_BYTES + 1) : payload.subarray(0, newline);
  let raw: unknown;
  try {
    raw = JSON.parse(decoder.decode(first));
  } catch {
    // A single bare record may be longer than any header; whether it is JSON is judged record by record.
    return { kind: "bare", body: payload };
  }
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) return { kind: "bare", body: payload };
  const fields = raw as Readonly<Record<string, unknown>>;
  if (!Object.hasOwn(fields, "roadstream")) return { kind: "bare", body: payload };
  const header = readHeader(fields);
  if ("reason" in header) return refuse(header, claimOf(fields));
  if (newline === -1) return refuse(rejection("count_mismatch", "no body"), claimOf(fields));
  return { kind: "with_header", header, body: payload.subarray(newline + 1) };
};
