import type { HeaderClaim } from "../contract/payload-header.ts";
import { rejection, type Rejection } from "../contract/rejection.ts";
import { acceptRecord, type RecordFrame } from "./accept-record.ts";
import { placeUnreadable } from "./place-unreadable.ts";

interface RefusedRecord {
  readonly index: number;
  readonly text: string;
  readonly rejection: Rejection;
  readonly claim: HeaderClaim;
}

export interface RecordsOutcome {
  /** Canonical log lines, in the payload's order. */
  readonly lines: readonly string[];
  readonly refused: readonly RefusedRecord[];
  readonly unknownFields: number;
}

/** Judges the records of one payload one by one: a bad one never stops a good one. */
export const acceptRecords = (frame: RecordFrame, texts: readonly string[]): RecordsOutcome => {
  const lines: string[] = [];
  const refused: RefusedRecord[] = [];
  const seen = new Set<string | number>();
  let unknownFields = 0;
  texts.forEach((text, index) => {
    const outcome = acceptRecord(frame, text);
    if (!outcome.ok) {
      refused.push({ index, text, rejection: outcome.rejection, claim: outcome.claim });
      return;
    }
    const { bootId, seq } = outcome;
    const identity = frame.header === null ? `${bootId}/${seq}` : seq;
    if (seen.has(identity)) {
      const claim = { vehicleId: null, bootId, stream: frame.stream, seqFrom: seq, seqTo: seq };
      refused.push({ index, text, rejection: rejection("duplicate_in_payload", String(seq)), claim });
      return;
    }
    seen.add(identity);
    lines.push(outcome.line);
    unknownFields += outcome.unknownFields;
  });
  if (refused.length === 0) return { lines, refused: [], unknownFields };
  const saidByRefused = new Set(refused.map((record) => record.claim.seqFrom));
  const isTaken = (seq: number): boolean => seen.has(seq) || saidByRefused.has(seq);
  return {
    lines,
    refused: refused.map((record) => ({ ...record, claim: placeUnreadable(frame.header, record, isTaken) })),
    unknownFields,
  };
};
