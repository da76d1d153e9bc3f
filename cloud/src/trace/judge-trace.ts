import type { CellRow, CheckpointEvidence, Evidence } from "./evidence.ts";

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

const declaredGap = ({ gaps: [event], checkpoint, id }: Evidence): Verdict | null => {
  const isDropped = event !== undefined || checkpoint?.statement.dropped.has(id.seq) === true;
  const reason = event === undefined ? (checkpoint?.droppedBecause ?? "") : text(event["reason"]);
  return !isDropped
    ? null
    : verdict(
        "declared_gap",
        `The car dropped it before it was sent, and said so: ${reason === "" ? "no reason given" : reason}.`,
      );
};

const notSearched = ({ unsearched }: Evidence): string =>
  unsearched
    .map(({ topic, partition, from, to, wanted, end }) => {
      const place = `partition ${partition} of ${topic}`;
      const looked = `offsets ${from} up to ${to} of ${place} were looked at, which ends at ${end}`;
      return from > wanted ? `${looked} and has lost what stood before, from ${wanted} on` : looked;
    })
    .join("; ");

const acknowledged = (evidence: Evidence, { isPassed }: CheckpointEvidence): Verdict => {
  const { logged, unsearched, hasForgotten } = evidence;
  if (logged === "unread" && !isPassed)
    return verdict(
      "in_log",
      "The car holds an acknowledgement for it, so the event log has it; it has not landed yet. With --log it is looked up there.",
    );
  if (!isPassed && unsearched.length > 0)
    return verdict(
      "unknown",
      `The car holds an acknowledgement for it. It was not found in the log, but not all of it was searched: ${notSearched(evidence)}.`,
    );
  if (hasForgotten)
    return verdict(
      "unknown",
      "The car holds an acknowledgement for it and the lake has passed that part of the log. A ledger was rebuilt after rows had been removed, so nobody can say whether it was among them.",
    );
  return isPassed
    ? verdict(
        "lost",
        "The car holds an acknowledgement for it and the lake has passed that part of the log, but it is neither in the table nor among the dead letters.",
      )
    : verdict(
        "lost",
        "The car holds an acknowledgement for it, but it is neither in the table nor among the dead letters, nor does it wait in the log.",
      );
};

const byCheckpoint = (evidence: Evidence): Verdict => {
  const { checkpoint } = evidence;
  const { seq } = evidence.id;
  if (checkpoint === null)
    return verdict(
      "unknown",
      "Nothing here has heard of it: no row, no dead letter, and no checkpoint of that boot has landed.",
    );
  const { statement, closed, isReplaced } = checkpoint;
  const { given } = statement;
  if (seq > given && closed)
    return verdict("unknown", `There is no such record: that boot gave the numbers 1 to ${given}.`);
  if (seq > given)
    return verdict(
      "unknown",
      `The car's newest checkpoint here knows the numbers 1 to ${given}; whether this one was given since is not known yet.`,
    );
  if (statement.acknowledged.has(seq)) return acknowledged(evidence, checkpoint);
  if (statement.held.has(seq) && isReplaced)
    return verdict(
      "unknown",
      "The car held it at its last word from an outbox that was replaced since: nobody knows.",
    );
  return statement.held.has(seq)
    ? verdict("in_car", "At its newest checkpoint the car still held it; it has not landed yet.")
    : verdict(
        "lost",
        "The car gave this number, and its checkpoints do not say what became of it: not sent, not held, not dropped.",
      );
};

/** What became of the record, by the strongest evidence: its row, its refusal, the log, the ledger, the car's word. */
export const judgeTrace = (evidence: Evidence): Verdict =>
  inTheLake(evidence) ?? onItsWay(evidence) ?? declaredGap(evidence) ?? byCheckpoint(evidence);
