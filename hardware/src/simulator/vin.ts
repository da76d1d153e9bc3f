import { randomBelow, type Random } from "@roadstream/shared";

/** ISO 3779 leaves out I, O and Q. Values and weights are those of 49 CFR 565.15(c), tables III and IV. */
const LETTER_VALUES: Readonly<Record<string, number>> = {
  A: 1,
  B: 2,
  C: 3,
  D: 4,
  E: 5,
  F: 6,
  G: 7,
  H: 8,
  J: 1,
  K: 2,
  L: 3,
  M: 4,
  N: 5,
  P: 7,
  R: 9,
  S: 2,
  T: 3,
  U: 4,
  V: 5,
  W: 6,
  X: 7,
  Y: 8,
  Z: 9,
};
const WEIGHTS: readonly number[] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
const CHECK_INDEX = 8;

/** Position 10: one character per model year; 2010 is A, and the cycle repeats after 30 years. */
const YEAR_CODES = "ABCDEFGHJKLMNPRSTVWXY123456789";
const FIRST_YEAR = 2010;

const BODY_ALPHABET = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789";

/** The character that belongs at position 9: the weighted sum modulo 11, ten written X. */
export const vinCheckDigit = (vin: string): string => {
  const sum = WEIGHTS.reduce((total, weight, index) => {
    const character = vin[index] ?? "0";
    return total + weight * (LETTER_VALUES[character] ?? Number(character));
  }, 0);
  const rest = sum % 11;
  return rest === 10 ? "X" : String(rest);
};

/** A VIN of that maker and year; the rest is drawn. */
export const makeVin = (random: Random, maker: string, year: number): string => {
  const draw = (count: number, alphabet: string): string =>
    Array.from({ length: count }, () => alphabet[randomBelow(random, alphabet.length)]).join("");
  const yearCode = YEAR_CODES[(year - FIRST_YEAR) % YEAR_CODES.length] ?? "A";
  const before = maker + draw(CHECK_INDEX - maker.length, BODY_ALPHABET);
  const after = yearCode + draw(1, BODY_ALPHABET) + draw(6, "0123456789");
  return before + vinCheckDigit(`${before}0${after}`) + after;
};
