/**
 * One MQTT publish: a header line of plain JSON, a newline, and the body: records as newline-delimited JSON, plain or
 * zstd. The header stays readable when the body does not, so a dead letter still names its range.
 */
import { MAX_HEADER_BYTES } from "./limits.ts";
import { headerLine, readHeaderLine, type HeaderClaim, type PayloadHeader } from "./payload-header.ts";
import { rejection, type Rejection } from "./rejection.ts";

/** Compression is injected: the contract does no I/O. See adapters/node-zstd.ts. */
export interface Zstd {
  compress(bytes: Uint8Array): Uint8Array;
  /** Null when it is no zstd frame; `too_large` when the result would pass `maxBytes`. */
  decompress(bytes: Uint8Array, maxBytes: number): Uint8Array | null | "too_large";
}

const NEWLINE = 0x0a;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

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

export type SplitPayload =
  | { readonly kind: "with_header"; readonly header: PayloadHeader; readonly body: Uint8Array }
  /** No header: plain records, each complete in itself (`mosquitto_pub` by hand). */
  | { readonly kind: "bare"; readonly body: Uint8Array }
  | { readonly kind: "refused"; readonly rejection: Rejection; readonly claim: HeaderClaim };

/** Separates header and body. Never throws; the body is not touched. */
export const splitPayload = (payload: Uint8Array): SplitPayload => {
  const start = payload.subarray(0, MAX_HEADER_BYTES + 1);
  const newline = start.indexOf(NEWLINE);
  let line: string;
  try {
    line = decoder.decode(newline === -1 ? start : start.subarray(0, newline));
  } catch {
    // Bare records may be longer than any header, and are judged one by one.
    return { kind: "bare", body: payload };
  }
  const read = readHeaderLine(line);
  if (read.kind === "none") return { kind: "bare", body: payload };
  if (read.kind === "refused") return read;
  const { header } = read;
  if (newline !== -1) return { kind: "with_header", header, body: payload.subarray(newline + 1) };
  const { vehicleId, bootId, stream, firstSeq, lastSeq } = header;
  return {
    kind: "refused",
    rejection: rejection("count_mismatch", "no body"),
    claim: { vehicleId, bootId, stream, seqFrom: firstSeq, seqTo: lastSeq },
  };
};
