import { MAX_BODY_BYTES, MAX_EXPANSION, MAX_RECORDS_PER_PUBLISH } from "./limits.ts";
import type { PayloadEncoding } from "./payload-header.ts";
import type { Zstd } from "./payload.ts";
import { rejection, type Rejection } from "./rejection.ts";

// The text is all of the bytes: where these are kept instead of it, both must say the same.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const BYTE_ORDER_MARK = "\uFEFF";

interface RefusedBody {
  readonly ok: false;
  readonly rejection: Rejection;
}
export type BodyText = { readonly ok: true; readonly text: string } | RefusedBody;
export type BodyLines = { readonly ok: true; readonly lines: readonly string[] } | RefusedBody;

/** What a body says: decompressed within limits, decoded as UTF-8. */
export const bodyText = (body: Uint8Array, encoding: PayloadEncoding, zstd: Zstd): BodyText => {
  let plain = body;
  if (encoding === "zstd") {
    const limit = Math.min(MAX_BODY_BYTES, body.length * MAX_EXPANSION);
    const result = zstd.decompress(body, limit);
    if (result === "too_large")
      return {
        ok: false,
        rejection: rejection("decompression_bomb", `more than ${limit} bytes from ${body.length}`),
      };
    if (result === null) return { ok: false, rejection: rejection("bad_compression", "not a zstd frame") };
    plain = result;
  }
  try {
    return { ok: true, text: decoder.decode(plain) };
  } catch {
    return { ok: false, rejection: rejection("not_utf8", "body") };
  }
};

/** The records' texts of a body: cut at newlines (CR and a byte order mark tolerated, blanks skipped). */
export const linesOf = (text: string): BodyLines => {
  let lines = (text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text).split("\n");
  if (text.includes("\r")) lines = lines.map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
  if (lines.includes("")) lines = lines.filter((line) => line !== "");
  if (lines.length > MAX_RECORDS_PER_PUBLISH)
    return { ok: false, rejection: rejection("too_many_records", String(lines.length)) };
  return { ok: true, lines };
};

/** {@link linesOf} what {@link bodyText} reads. */
export const bodyLines = (body: Uint8Array, encoding: PayloadEncoding, zstd: Zstd): BodyLines => {
  const read = bodyText(body, encoding, zstd);
  return read.ok ? linesOf(read.text) : read;
};
