import {
  acceptRecord,
  RoadstreamError,
  type LogTopics,
  type Rejection,
  type RejectionReason,
  type Zstd,
} from "@roadstream/shared";
import type { EventLogWriter, LogAppend } from "@roadstream/shared/event-log";
import { letterRecords, type RecordFields } from "./letter-records.ts";
import type { StoredLetter } from "./stored-letter.ts";

/** Says of a replayed record which letter it comes from. Set here only, never taken from MQTT. */
export const REPLAY_HEADER = "roadstream-replay";

/** Mends a record; null leaves it where it is. */
export type Transform = (record: RecordFields, letter: StoredLetter) => unknown;

export interface ReplayContext {
  readonly topics: LogTopics;
  readonly zstd: Zstd;
  readonly transform: Transform | null;
  /** Null: only say what would be done. */
  readonly writer: EventLogWriter | null;
}

export interface ReplayReport {
  readonly letters: number;
  /** Records that went to the log again; one that is in its table already is dropped there by its identity. */
  readonly replayed: number;
  /** Records, or whole letters, that are refused still, by reason. */
  readonly refused: Readonly<Partial<Record<RejectionReason, number>>>;
  /** Records that the transform left where they are. */
  readonly left: number;
}

interface Judged {
  readonly appends: readonly LogAppend[];
  readonly refused: readonly Rejection[];
  readonly left: number;
}

const judge = (context: ReplayContext, letter: StoredLetter): Judged => {
  const read = letterRecords(letter, context.zstd);
  if (!read.ok) return { appends: [], refused: [read.rejection], left: 0 };
  const appends: LogAppend[] = [];
  const refused: Rejection[] = [];
  let left = 0;
  for (const { fields, frame } of read.records) {
    const mended = context.transform === null ? fields : context.transform(fields, letter);
    if (mended === null || mended === undefined) {
      left += 1;
      continue;
    }
    const outcome = acceptRecord(frame, JSON.stringify(mended));
    if (outcome.ok) {
      const topic = context.topics.streams[frame.stream];
      appends.push({
        topic,
        key: frame.clientId,
        value: outcome.line,
        headers: { [REPLAY_HEADER]: letter.id },
      });
    } else refused.push(outcome.rejection);
  }
  return { appends, refused, left };
};

/**
 * Judges letters anew, by the rules that the gateway judges by, and sends what they now let pass through the log again.
 * Doing it twice lands nothing twice: a record keeps its identity.
 */
export const replayLetters = async (
  context: ReplayContext,
  letters: AsyncIterable<readonly StoredLetter[]>,
): Promise<ReplayReport> => {
  const reasons = new Map<RejectionReason, number>();
  const report = { letters: 0, replayed: 0, left: 0 };
  for await (const batch of letters) {
    for (const letter of batch) {
      const { appends, refused, left } = judge(context, letter);
      if (context.writer !== null && appends.length > 0) await send(context.writer, appends);
      report.letters += 1;
      report.replayed += appends.length;
      report.left += left;
      for (const { reason } of refused) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
  }
  return { ...report, refused: Object.fromEntries(reasons) };
};

const send = async (writer: EventLogWriter, appends: readonly LogAppend[]): Promise<void> => {
  const outcome = await writer.append(appends);
  if (outcome.kind !== "durable")
    throw new RoadstreamError("unavailable", `the log did not take them: ${outcome.reason}`, {
      hint: "start it again: what was sent before lands once",
    });
};
