import type { UnixMillis } from "@roadstream/shared";

/** NMEA 0183: XOR of all characters between `$` and `*`, as two hexadecimal digits. */
export const checksumOf = (body: string): string => {
  let sum = 0;
  for (let index = 0; index < body.length; index += 1) sum ^= body.charCodeAt(index);
  return sum.toString(16).toUpperCase().padStart(2, "0");
};

/** A whole sentence: `$`, body, checksum, CR LF. Null fields are blank, as the standard has it. */
export const sentence = (fields: readonly (string | number | null)[]): string => {
  const body = fields.map((field) => field ?? "").join(",");
  return `$${body}*${checksumOf(body)}\r\n`;
};

const two = (value: number): string => String(value).padStart(2, "0");

/** `hhmmss.ss` */
export const timeField = (at: UnixMillis | null): string | null => {
  if (at === null) return null;
  const date = new Date(at);
  const hundredths = Math.floor(date.getUTCMilliseconds() / 10);
  return `${two(date.getUTCHours())}${two(date.getUTCMinutes())}${two(date.getUTCSeconds())}.${two(hundredths)}`;
};

/** `ddmmyy` */
export const dateField = (at: UnixMillis | null): string | null => {
  if (at === null) return null;
  const date = new Date(at);
  return `${two(date.getUTCDate())}${two(date.getUTCMonth() + 1)}${two(date.getUTCFullYear() % 100)}`;
};

/** Five decimals of a minute are 2 cm: what u-blox sends. */
const MINUTE_DECIMALS = 5;

/** `ddmm.mmmmm` or `dddmm.mmmmm`. Rounded as a whole, so that no field ever says 60 minutes. */
const angleField = (degrees: number, degreeDigits: number): string => {
  const scale = 10 ** MINUTE_DECIMALS;
  const units = Math.round(Math.abs(degrees) * 60 * scale);
  const whole = Math.floor(units / (60 * scale));
  const minutes = ((units - whole * 60 * scale) / scale).toFixed(MINUTE_DECIMALS);
  return String(whole).padStart(degreeDigits, "0") + minutes.padStart(3 + MINUTE_DECIMALS, "0");
};

/** Four fields: latitude, N or S, longitude, E or W; all blank without a position. */
export const positionFields = (
  position: { readonly latitude: number; readonly longitude: number } | null,
): readonly (string | null)[] =>
  position === null
    ? [null, null, null, null]
    : [
        angleField(position.latitude, 2),
        position.latitude < 0 ? "S" : "N",
        angleField(position.longitude, 3),
        position.longitude < 0 ? "W" : "E",
      ];
