import { unixMillis, parseIsoTime, type Column } from "@roadstream/shared";

/*
 * Iceberg specification, appendix D "Single-value serialization", binary form: boolean 1 byte, int and date 4 bytes
 * little-endian, long and timestamptz (microseconds) 8 bytes little-endian, double IEEE 754 little-endian, string UTF-8.
 */

/** Code points kept of a string's bound, as Iceberg's default metrics mode `truncate(16)`. */
const BOUND_CODE_POINTS = 16;
const MAX_CODE_POINT = 0x10_ffff;
const SURROGATES = { first: 0xd800, last: 0xdfff };

export type Side = "lower" | "upper";

export const int32Bytes = (value: number): Buffer => {
  const out = Buffer.alloc(4);
  out.writeInt32LE(value);
  return out;
};

const int64Bytes = (value: bigint): Buffer => {
  const out = Buffer.alloc(8);
  out.writeBigInt64LE(value);
  return out;
};

/** The zero of the safe side: an engine may report either zero for a column that holds both. */
const float64Bytes = (value: number, side: Side): Buffer => {
  const out = Buffer.alloc(8);
  out.writeDoubleLE(value === 0 ? (side === "lower" ? -0 : 0) : value);
  return out;
};

/**
 * A string's bound, cut to {@link BOUND_CODE_POINTS}. A prefix is a lower bound; a cut upper bound has its last code
 * point raised, and is absent when none can be raised. Order by code points is the order of the UTF-8 bytes.
 */
export const stringBound = (text: string, side: Side): Buffer | null => {
  const points = Array.from(text);
  const kept = points.slice(0, BOUND_CODE_POINTS);
  if (side === "lower" || kept.length === points.length) return Buffer.from(kept.join(""), "utf8");
  for (let last = kept.length - 1; last >= 0; last -= 1) {
    const raised = nextCodePoint(kept[last] ?? "");
    if (raised !== null) return Buffer.from(kept.slice(0, last).join("") + raised, "utf8");
  }
  return null;
};

const nextCodePoint = (point: string): string | null => {
  const next = (point.codePointAt(0) ?? MAX_CODE_POINT) + 1;
  if (next > MAX_CODE_POINT) return null;
  return String.fromCodePoint(
    next >= SURROGATES.first && next <= SURROGATES.last ? SURROGATES.last + 1 : next,
  );
};

const INTEGER = /^-?\d{1,19}$/;
const ENGINE_TIME = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?(?:Z|\+00)$/;

/** Microseconds since the epoch of an engine's UTC time, `2026-01-02 03:04:05.123456+00` or ISO 8601; null if it is neither. */
export const microsOf = (text: string): bigint | null => {
  const match = ENGINE_TIME.exec(text);
  if (match === null) return null;
  const [, day, time, fraction = ""] = match;
  const whole = parseIsoTime(`${day}T${time}.000Z`);
  return whole === null ? null : BigInt(unixMillis(whole)) * 1000n + BigInt(fraction.padEnd(6, "0"));
};

/** Unix milliseconds of a timestamp's bound; null where the bytes are none. */
export const millisOf = (bound: Buffer): number | null =>
  bound.length === 8 ? Number(bound.readBigInt64LE() / 1000n) : null;

/** A bound from the engine's text; null where there is none that is surely right. */
export const boundBytes = (type: Column["type"], text: string, side: Side): Buffer | null => {
  switch (type) {
    case "int32":
      return INTEGER.test(text) ? int32Bytes(Number(text)) : null;
    case "int64":
      return INTEGER.test(text) ? int64Bytes(BigInt(text)) : null;
    case "float64": {
      const value =
        text === "inf" ? Infinity : text === "-inf" ? -Infinity : text.trim() === "" ? NaN : Number(text);
      return Number.isNaN(value) ? null : float64Bytes(value, side);
    }
    case "boolean":
      return text === "true" || text === "1"
        ? Buffer.of(1)
        : text === "false" || text === "0"
          ? Buffer.of(0)
          : null;
    case "timestamp": {
      const micros = microsOf(text);
      return micros === null ? null : int64Bytes(micros);
    }
    case "string":
      return stringBound(text, side);
    case "bytes":
      return null;
  }
};
