import type { ObdMessage } from "./obd-message.ts";
import { pidRow } from "./pid-table.ts";
import { isSupportPid, SUPPORT_BYTES } from "./supported-pids.ts";

/**
 * Answer to service 01 (SAE J1979 §6.1): 41, then for each PID asked that this ECU has: the PID and its data, in any
 * order, nothing after. It is believed whole or not at all.
 */
export type PidAnswer =
  | { readonly kind: "values"; readonly ecu: string; readonly data: ReadonlyMap<number, Uint8Array> }
  | { readonly kind: "rejected"; readonly reason: AnswerFault };

const ANSWER_FAULTS = ["negative", "wrong_service", "wrong_pid", "wrong_length", "wrong_value"] as const;
export type AnswerFault = (typeof ANSWER_FAULTS)[number];

const NEGATIVE_RESPONSE = 0x7f;
const POSITIVE_OFFSET = 0x40;

/** Null when the message is a positive answer to `service`. */
export const answerFault = (payload: Uint8Array, service: number): AnswerFault | null => {
  if (payload[0] === NEGATIVE_RESPONSE) return "negative";
  return payload[0] === service + POSITIVE_OFFSET ? null : "wrong_service";
};

const dataLength = (pid: number): number | null =>
  isSupportPid(pid) ? SUPPORT_BYTES : (pidRow(pid)?.bytes ?? null);

export const decodeService01 = (message: ObdMessage, asked: readonly number[]): PidAnswer => {
  const { ecu, payload } = message;
  const fault = answerFault(payload, 0x01);
  if (fault !== null) return { kind: "rejected", reason: fault };
  const data = new Map<number, Uint8Array>();
  let at = 1;
  while (at < payload.length) {
    const pid = payload[at] ?? 0;
    const length = dataLength(pid);
    if (!asked.includes(pid) || data.has(pid) || length === null)
      return { kind: "rejected", reason: "wrong_pid" };
    if (at + 1 + length > payload.length) return { kind: "rejected", reason: "wrong_length" };
    data.set(pid, payload.subarray(at + 1, at + 1 + length));
    at += 1 + length;
  }
  return data.size === 0 ? { kind: "rejected", reason: "wrong_length" } : { kind: "values", ecu, data };
};
