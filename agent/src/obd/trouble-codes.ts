import type { ObdMessage } from "./obd-message.ts";
import { answerFault, type AnswerFault } from "./service-01.ts";

/** Services that list trouble codes: 03 confirmed ("stored"), 07 pending, 0A permanent. */
export type CodeService = 0x03 | 0x07 | 0x0a;

/** As many as dtc_codes can hold: 170 × 5 characters and 169 spaces fit 1024. */
export const TROUBLE_CODE_LIMIT = 170;

const SYSTEMS = ["P", "C", "B", "U"] as const;

/**
 * Two bytes (SAE J2012): system in bits 15–14, first digit in 13–12, then three hexadecimal digits.
 * `01 33` is P0133.
 */
const troubleCode = (high: number, low: number): string => {
  const digits = ((high & 0x3f) * 256 + low).toString(16).toUpperCase().padStart(4, "0");
  return `${SYSTEMS[high >> 6] ?? "P"}${digits}`;
};

export type CodesAnswer =
  | { readonly kind: "codes"; readonly codes: readonly string[] }
  | { readonly kind: "rejected"; readonly reason: AnswerFault };

/**
 * CAN: 43, the number of codes, two bytes each (SAE J1979 §7.3): an even length. Older buses: 43 and always three codes,
 * 00 00 where there is none (§6.3): seven bytes.
 */
export const decodeTroubleCodes = (message: ObdMessage, service: CodeService): CodesAnswer => {
  const { payload } = message;
  const fault = answerFault(payload, service);
  if (fault !== null) return { kind: "rejected", reason: fault };
  const legacy = payload.length === 7;
  const count = payload[1];
  if (!legacy && (count === undefined || payload.length !== 2 + 2 * count)) {
    return { kind: "rejected", reason: "wrong_length" };
  }
  const codes: string[] = [];
  for (let at = legacy ? 1 : 2; at + 1 < payload.length; at += 2) {
    const [high, low] = [payload[at] ?? 0, payload[at + 1] ?? 0];
    if (high !== 0 || low !== 0) codes.push(troubleCode(high, low));
  }
  return { kind: "codes", codes };
};

/** The column's text: each code once, sorted. `cut` tells how many did not fit. */
export const codesText = (codes: readonly string[]): { readonly text: string; readonly cut: number } => {
  const all = [...new Set(codes)].sort();
  const kept = all.slice(0, TROUBLE_CODE_LIMIT);
  return { text: kept.join(" "), cut: all.length - kept.length };
};
