import type { Sentence } from "./sentence.ts";

/** Readers of the composite fields that several sentences share. Blank is null; impossible refuses the sentence. */

const DOT = 0x2e;
const MS_PER_HOUR = 3_600_000;
const MS_PER_MINUTE = 60_000;
const DAYS_IN_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

const code = (letter: string): number => letter.charCodeAt(0);
const NORTH = code("N");
const SOUTH = code("S");
const EAST = code("E");
const WEST = code("W");
const ACTIVE = code("A");
const VOID = code("V");

/** `hhmmss[.s...]` as milliseconds since UTC midnight; second 60 only as the leap second that ends a day. */
export const timeOfDay = (s: Sentence, field: number): number | null => {
  const { at, length } = s.span(field);
  if (length === 0) return null;
  if (length < 6) return s.refuse("field_malformed");
  const hour = s.digits(at, 2);
  const minute = s.digits(at + 2, 2);
  const second = s.digits(at + 4, 2);
  const fraction = length === 6 ? 0 : fractionMs(s, at + 6, length - 6);
  if (hour < 0 || minute < 0 || second < 0 || fraction < 0) return s.refuse("field_malformed");
  const leap = second === 60 && hour === 23 && minute === 59;
  if (hour > 23 || minute > 59 || (second > 59 && !leap)) return s.refuse("field_out_of_range");
  return hour * MS_PER_HOUR + minute * MS_PER_MINUTE + second * 1000 + fraction;
};

/** `.`, then up to nine digits, as milliseconds; -1 when malformed. */
const fractionMs = (s: Sentence, at: number, length: number): number => {
  if (s.byteAt(at) !== DOT || length > 10) return -1;
  if (length === 1) return 0;
  const digits = s.digits(at + 1, length - 1);
  return digits < 0 ? -1 : Math.round((digits / 10 ** (length - 1)) * 1000);
};

/** UTC midnight of a civil date that exists, in Unix milliseconds. */
export const utcMidnight = (
  s: Sentence,
  date: { year: number; month: number; day: number },
): number | null => {
  const { year, month, day } = date;
  const days = DAYS_IN_MONTH[month - 1];
  const leapYear = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  if (days === undefined || day < 1 || day > days || (month === 2 && day === 29 && !leapYear)) {
    return s.refuse("field_out_of_range");
  }
  return Date.UTC(year, month - 1, day);
};

/** `ddmmyy` as UTC midnight. Years 80..99 are of the last century: GPS time begins in 1980. */
export const shortDate = (s: Sentence, field: number): number | null => {
  const { at, length } = s.span(field);
  if (length === 0) return null;
  const digits = length === 6 ? s.digits(at, 6) : -1;
  if (digits < 0) return s.refuse("field_malformed");
  const yy = digits % 100;
  const month = Math.floor(digits / 100) % 100;
  return utcMidnight(s, { year: yy >= 80 ? 1900 + yy : 2000 + yy, month, day: Math.floor(digits / 10_000) });
};

/** `dddmm.mmmm` and the hemisphere in the next field, as signed degrees. */
const angle = (
  s: Sentence,
  field: number,
  axis: { max: number; plus: number; minus: number },
): number | null => {
  const packed = s.decimal(field, 0, axis.max * 100);
  const side = s.letter(field + 1);
  if (side !== 0 && side !== axis.plus && side !== axis.minus) return s.refuse("field_malformed");
  if (packed === null) return null;
  if (side === 0) return s.refuse("field_malformed");
  const degrees = Math.floor(packed / 100);
  const minutes = packed - degrees * 100;
  // Sixty minutes are tolerated: MTK 3301 writes the pole as 8960.000000 before its first fix.
  if (minutes > 60) return s.refuse("field_out_of_range");
  const value = degrees + minutes / 60;
  return side === axis.minus ? 0 - value : value;
};

const LATITUDE = { max: 90, plus: NORTH, minus: SOUTH };
const LONGITUDE = { max: 180, plus: EAST, minus: WEST };

export const latitude = (s: Sentence, field: number): number | null => angle(s, field, LATITUDE);
export const longitude = (s: Sentence, field: number): number | null => angle(s, field, LONGITUDE);

/** Degrees from true north. */
export const course = (s: Sentence, field: number): number | null => s.decimal(field, 0, 360);

/** Above any vehicle, below what a broken digit makes of one. */
const MAX_SPEED = 5000;
export const speed = (s: Sentence, field: number): number | null => s.decimal(field, 0, MAX_SPEED);

/** A dilution of precision; receivers write 99.9, 99.99 or more for "not computed". */
const DOP_UNKNOWN = 99;
export const dilution = (s: Sentence, field: number): number | null => {
  const value = s.decimal(field, 0, 9999.99);
  return value === null || value >= DOP_UNKNOWN || value === 0 ? null : value;
};

/** Status `A` = data valid, `V` = navigation receiver warning; a blank one vouches for nothing. */
export const isActive = (s: Sentence, field: number): boolean => {
  const status = s.letter(field);
  if (status !== ACTIVE && status !== VOID && status !== 0) s.refuse("field_malformed");
  return status === ACTIVE;
};

/** A unit or reference letter that may be blank but not another one. */
export const expectLetter = (s: Sentence, field: number, letter: number): void => {
  const found = s.letter(field);
  if (found !== 0 && found !== letter) s.refuse("field_malformed");
};
