declare const brand: unique symbol;

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type UnixMillis = number & { readonly [brand]: "UnixMillis" };
/** Milliseconds of the machine's monotonic clock since that machine booted; never scaled, also in simulated time. */
export type UptimeMillis = number & { readonly [brand]: "UptimeMillis" };
/** A length of time in milliseconds. */
export type DurationMs = number & { readonly [brand]: "DurationMs" };

export const unixMillis = (ms: number): UnixMillis => ms as UnixMillis;
export const uptimeMillis = (ms: number): UptimeMillis => ms as UptimeMillis;
export const millis = (ms: number): DurationMs => ms as DurationMs;
export const seconds = (s: number): DurationMs => (s * 1000) as DurationMs;
export const minutes = (m: number): DurationMs => (m * 60_000) as DurationMs;
export const hours = (h: number): DurationMs => (h * 3_600_000) as DurationMs;
export const days = (d: number): DurationMs => (d * 86_400_000) as DurationMs;

/** ISO 8601 with milliseconds and `Z`, the only form of time on the wire. */
export const isoTime = (at: UnixMillis): string => new Date(at).toISOString();

const ISO_UTC = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;
/** Days that every month has. */
const SURE_DAY = "28";

/** The inverse of {@link isoTime}; null for any other spelling and for dates that do not exist (30 February). */
export const parseIsoTime = (text: string): UnixMillis | null => {
  if (!ISO_UTC.test(text)) return null;
  const ms = Date.parse(text);
  // Some parsers take 30 February for 2 March. Writing the date back is slow, and only the end of a month can differ.
  if (text.slice(8, 10) > SURE_DAY && (Number.isNaN(ms) || new Date(ms).toISOString() !== text)) return null;
  return ms as UnixMillis;
};

/** `YYYY-MM-DD` of the UTC day. */
export const utcDay = (at: UnixMillis): string => isoTime(at).slice(0, 10);

const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;
const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `30s`, `1.5h`, `200ms`; null when it is not a duration. */
export const parseDuration = (text: string): DurationMs | null => {
  const match = DURATION.exec(text);
  if (match === null) return null;
  const unit = match[2] as keyof typeof UNIT_MS;
  return (Number(match[1]) * UNIT_MS[unit]) as DurationMs;
};
