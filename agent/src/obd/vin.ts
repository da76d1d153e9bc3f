import type { ObdMessage } from "./obd-message.ts";
import { answerFault, type AnswerFault } from "./service-01.ts";

export const VIN_PID = 0x02;
const VIN_LENGTH = 17;
/** ISO 3779 leaves out I, O and Q. */
const VIN = /^[A-HJ-NPR-Z0-9]{17}$/;
/** Older buses: five messages of four characters, the first three of them filling with 00 (SAE J1979 §6.9). */
const LEGACY_PARTS = 5;

export type VinAnswer =
  | { readonly kind: "vin"; readonly vin: string }
  | { readonly kind: "rejected"; readonly reason: AnswerFault };

/** From all messages of one ECU to service 09 PID 02. CAN: 49 02 01 and 17 characters in one message. */
export const decodeVin = (messages: readonly ObdMessage[]): VinAnswer => {
  for (const { payload } of messages) {
    const fault = answerFault(payload, 0x09);
    if (fault !== null) return { kind: "rejected", reason: fault };
    if (payload[1] !== VIN_PID) return { kind: "rejected", reason: "wrong_pid" };
  }
  const [first] = messages;
  if (messages.length === 1 && first !== undefined) {
    if (first.payload.length !== 3 + VIN_LENGTH || first.payload[2] !== 1) {
      return { kind: "rejected", reason: "wrong_length" };
    }
    return vinOfBytes([...first.payload.subarray(3)]);
  }
  return legacyVin(messages);
};

const legacyVin = (messages: readonly ObdMessage[]): VinAnswer => {
  if (messages.length !== LEGACY_PARTS) return { kind: "rejected", reason: "wrong_length" };
  const bytes: number[] = [];
  for (const [index, { payload }] of messages.entries()) {
    if (payload.length !== 7 || payload[2] !== index + 1) return { kind: "rejected", reason: "wrong_length" };
    bytes.push(...payload.subarray(3));
  }
  const filler = bytes.length - VIN_LENGTH;
  if (bytes.slice(0, filler).some((byte) => byte !== 0)) return { kind: "rejected", reason: "wrong_value" };
  return vinOfBytes(bytes.slice(filler));
};

const vinOfBytes = (bytes: readonly number[]): VinAnswer => {
  const vin = String.fromCharCode(...bytes);
  return VIN.test(vin) ? { kind: "vin", vin } : { kind: "rejected", reason: "wrong_value" };
};

/** 49 CFR 565.15, table III: each letter over its value. */
const LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ";
const LETTER_VALUES = "12345678123457923456789";
const WEIGHTS = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2] as const;

/** 49 CFR 565.15(c): position 9 is a weighted sum modulo 11, X for ten. */
const hasCheckDigit = (vin: string): boolean => {
  const sum = WEIGHTS.reduce<number>((total, weight, index) => {
    const char = vin.charAt(index);
    const letter = LETTERS.indexOf(char);
    return total + weight * Number(letter < 0 ? char : LETTER_VALUES.charAt(letter));
  }, 0);
  const remainder = sum % 11;
  return vin.charAt(8) === (remainder === 10 ? "X" : String(remainder));
};

/** 49 CFR 565.15, table VII: thirty years in these letters, then again. */
const YEAR_CODES = "ABCDEFGHJKLMNPRSTVWXY123456789";
const FIRST_CYCLE = 1980;

/**
 * The model year by position 10; a letter in position 7 means the cycle from 2010 on. Only VINs with a true check digit
 * are sure to follow this rule: elsewhere position 10 may mean anything, so null.
 */
export const modelYear = (vin: string): number | null => {
  const index = YEAR_CODES.indexOf(vin.charAt(9));
  if (!VIN.test(vin) || index < 0 || !hasCheckDigit(vin)) return null;
  const secondCycle = /[A-Z]/.test(vin.charAt(6));
  return FIRST_CYCLE + index + (secondCycle ? YEAR_CODES.length : 0);
};
