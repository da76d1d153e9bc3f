import type { HeaderClaim } from "../contract/payload-header.ts";
import { rejection, type Rejection } from "../contract/rejection.ts";
import { SPLICERS, type Splice } from "../contract/record-grammar.ts";
import { acceptRecord, type RecordFrame } from "./accept-record.ts";
import { placeUnreadable } from "./place-unreadable.ts";
import { SeenIds } from "./seen-ids.ts";

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

/** The short way, for records under a header; the others, and what it does not understand, are judged field by field. */
const shortWay = ({ clientId, stream, header, receivedAt }: RecordFrame): Splice => {
  if (header === null) return () => null;
  const { bootId, machineBoot, sentUptimeMs, firstSeq, lastSeq } = header;
  const splice = SPLICERS[stream]({ vehicleId: clientId, bootId, machineBoot, receivedAt, sentUptimeMs });
  return (text) => {
    const record = splice(text);
    return record !== null && record.seq >= firstSeq && record.seq <= lastSeq ? record : null;
  };
};

/** Judges the records of one payload one by one: a bad one never stops a good one. */
export const acceptRecords = (frame: RecordFrame, texts: readonly string[]): RecordsOutcome => {
  const lines: string[] = [];
  const refused: RefusedRecord[] = [];
  const seen = new SeenIds();
  let unknownFields = 0;
  const splice = shortWay(frame);
  texts.forEach((text, index) => {
    const spliced = splice(text);
    if (spliced !== null && seen.add(spliced.seq)) {
      lines.push(spliced.line);
      return;
    }
    const outcome = acceptRecord(frame, text);
    if (!outcome.ok) {
      refused.push({ index, text, rejection: outcome.rejection, claim: outcome.claim });
      return;
    }
    const { bootId, seq } = outcome;
    const identity = frame.header === null ? `${bootId}/${seq}` : seq;
    if (!seen.add(identity)) {
      const claim = { vehicleId: null, bootId, stream: frame.stream, seqFrom: seq, seqTo: seq };
      refused.push({ index, text, rejection: rejection("duplicate_in_payload", String(seq)), claim });
      return;
    }
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
