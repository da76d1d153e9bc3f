import type { CheckpointStream } from "@roadstream/shared";
import type { CellRow, Evidence } from "./evidence.ts";

/**
 * What became of a record. `lost` is a defect; `unknown`: neither lake nor log has heard of it, or not enough to say.
 */
export type Fate =
  | "landed"
  | "rejected"
  | "in_log"
  | "declared_gap"
  | "in_car"
  | "removed"
  | "lost"
  | "unknown";

export interface Verdict {
  readonly fate: Fate;
  /** For people, as whole sentences. */
  readonly words: string;
}

const verdict = (fate: Fate, words: string): Verdict => ({ fate, words });

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** What the car's newest checkpoint says of the record's stream; null when none speaks of the boot. */
const streamOf = (evidence: Evidence): (CheckpointStream & { readonly closed: boolean }) | null => {
  const boot = evidence.checkpoint?.checkpoint.boots.find((one) => one.boot_id === evidence.id.bootId);
  const stream = boot?.streams[evidence.id.stream];
  return boot === undefined || stream === undefined ? null : { ...stream, closed: boot.closed };
};

const within = (ranges: readonly (readonly [number, number])[], seq: number): boolean =>
  ranges.some(([from, to]) => from <= seq && seq <= to);

const refusal = (letter: CellRow): string => {
  const detail = text(letter["detail"]);
  return detail === "" ? text(letter["reason"]) : `${text(letter["reason"])} (${detail})`;
};

const inTheLake = ({ landed, deadLetters, id }: Evidence): Verdict | null => {
  const [letter] = deadLetters;
  if (landed.length > 1)
    return verdict(
      "landed",
      `It landed in ${id.stream} ${landed.length} times, which is a defect: roadstream cloud verify says more.`,
    );
  if (landed.length === 1) {
    const other = letter === undefined ? "" : ` Another copy of it was refused: ${refusal(letter)}.`;
    return verdict("landed", `It landed in ${id.stream}.${other}`);
  }
  if (letter === undefined) return null;
  return verdict(
    "rejected",
    `It was refused: ${refusal(letter)}. Its bytes are in dead_letters under dead_letter_id ${text(letter["dead_letter_id"])}.`,
  );
};

const REFUSED_IN_LOG = "It was refused; its dead letter is in the log and has not landed yet.";

const onItsWay = ({ logged, ledger, hasRemovals }: Evidence): Verdict | null => {
  if (ledger === "erased")
    return verdict(
      "removed",
      "It was in the lake and was erased together with its vehicle: roadstream cloud erase.",
    );
  if (logged !== null && logged !== "unread" && logged.kind === "dead_letter")
    return verdict("rejected", REFUSED_IN_LOG);
  if (logged !== null && logged !== "unread")
    return verdict(
      "in_log",
      "It is in the event log and has not landed yet: roadstream cloud run will land it.",
    );
  if (ledger === "landed" && hasRemovals)
    return verdict(
      "removed",
      "It landed, and its row is gone: by retention, or by another engine's commit. Whether these account for all rows that are gone, roadstream cloud verify says.",
    );
  if (ledger === "landed")
    return verdict(
      "lost",
      "The ledger says that it landed, but no row of it is in the table: somebody removed it. roadstream cloud verify says more.",
    );
  if (ledger === "rejected") return verdict("rejected", REFUSED_IN_LOG);
  return null;
};

const declaredGap = (evidence: Evidence): Verdict | null => {
  const { seq } = evidence.id;
  const event = evidence.gaps[0];
  const range = streamOf(evidence)?.dropped.find(({ from, to }) => from <= seq && seq <= to);
  const reason = event === undefined ? range?.reason : text(event["reason"]);
  return reason === undefined
    ? null
    : verdict(
        "declared_gap",
        `The car dropped it before it was sent, and said so: ${reason === "" ? "no reason given" : reason}.`,
      );
};

const acknowledged = ({ logged, checkpoint }: Evidence): Verdict => {
  if (checkpoint?.isPassed === true)
    return verdict(
      "lost",
      "The car holds an acknowledgement for it and the lake has passed that part of the log, but it is neither in the table nor among the dead letters.",
    );
  return logged === "unread"
    ? verdict(
        "in_log",
        "The car holds an acknowledgement for it, so the event log has it; it has not landed yet. With --log it is looked up there.",
      )
    : verdict(
        "unknown",
        "The car holds an acknowledgement for it, but it was not found among what waits in the log.",
      );
};

const byCheckpoint = (evidence: Evidence): Verdict => {
  const stream = streamOf(evidence);
  const { seq } = evidence.id;
  if (stream === null)
    return verdict(
      "unknown",
      "Nothing here has heard of it: no row, no dead letter, and no checkpoint of that boot has landed.",
    );
  if (seq > stream.given && stream.closed)
    return verdict("unknown", `There is no such record: that boot gave the numbers 1 to ${stream.given}.`);
  if (seq > stream.given)
    return verdict(
      "unknown",
      `The car's newest checkpoint here knows the numbers 1 to ${stream.given}; whether this one was given since is not known yet.`,
    );
  if (within(stream.acknowledged, seq)) return acknowledged(evidence);
  return within(stream.held, seq)
    ? verdict("in_car", "At its newest checkpoint the car still held it; it has not landed yet.")
    : verdict(
        "unknown",
        "The car gave this number, but its newest checkpoint does not say what became of it.",
      );
};

/** What became of the record, by the strongest evidence: its row, its refusal, the log, the ledger, the car's word. */
export const judgeTrace = (evidence: Evidence): Verdict =>
  inTheLake(evidence) ?? onItsWay(evidence) ?? declaredGap(evidence) ?? byCheckpoint(evidence);
