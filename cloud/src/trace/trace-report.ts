import { TRUE_CLOCKS } from "../ingest/true-clocks.ts";
import { formatRecordId, isoTime, parseIsoTime, type UnixMillis } from "@roadstream/shared";
import { cellText } from "../sql/cell-text.ts";
import type { Cell } from "../sql/query-result.ts";
import type { CellRow, Evidence, LandedRow } from "./evidence.ts";
import { judgeTrace, type Fate } from "./judge-trace.ts";

/** One step of a record's way. `at` is null where only that it happened is known. */
interface TraceStep {
  readonly stage:
    | "captured"
    | "sent"
    | "received"
    | "logged"
    | "landed"
    | "queryable"
    | "refused"
    | "dropped";
  readonly at: string | null;
  readonly words: string;
}

export interface TraceReport {
  readonly ok: boolean;
  readonly id: string;
  readonly fate: Fate;
  readonly words: string;
  readonly steps: readonly TraceStep[];
  readonly log: { readonly partition: number; readonly offset: string } | null;
  readonly file: string | null;
  /** Null when it has expired. */
  readonly snapshot: { readonly id: string; readonly commit: string | null } | null;
  /** From capture to a commit that made it queryable; null where the clocks cannot say. */
  readonly capture_to_queryable_ms: number | null;
  /** The rows as they stand in the lake: of the record, and of its dead letters. */
  readonly rows: readonly CellRow[];
  readonly dead_letters: readonly CellRow[];
}

const str = (value: Cell | undefined): string | null =>
  value === null || value === undefined ? null : cellText(value);
const time = (row: CellRow, column: string): UnixMillis | null => parseIsoTime(str(row[column]) ?? "");

const step = (stage: TraceStep["stage"], at: string | null, words: string): TraceStep => ({
  stage,
  at,
  words,
});

const after = (ms: number): string => `${(ms / 1000).toFixed(3)} s after`;

const ageAtSending = ({ logged }: Evidence): number | null =>
  logged === null || logged === "unread" ? null : logged.ageAtSendingMs;

const stillThere = ({ logged }: Evidence): string => {
  if (logged === "unread") return "";
  return logged === null ? "; no longer there" : "; still there";
};

const queryableStep = ({ snapshot, values }: LandedRow): TraceStep => {
  if (snapshot === null)
    return step("queryable", null, `soon after ${str(values["landed_at"]) ?? ""}; its snapshot has expired`);
  const name = `snapshot ${snapshot.id}${snapshot.commit === null ? "" : `, commit ${snapshot.commit}`}`;
  const at = isoTime(snapshot.committedAt);
  return snapshot.operation === "append"
    ? step("queryable", at, name)
    : step(
        "queryable",
        null,
        `since before ${at}, when it was written anew (${snapshot.operation}, ${name})`,
      );
};

const CLOCK_WORDS: Readonly<Record<string, string>> = {
  gnss: "by the receiver's time",
  ntp: "by a clock set over the network",
  rtc: "by a clock that a battery kept",
  unsynced: "by a clock that nothing had set",
  simulated: "in the simulated trip's own time",
};

const landedSteps = (row: LandedRow, evidence: Evidence): readonly TraceStep[] => {
  const { values } = row;
  const age = ageAtSending(evidence);
  const placed =
    values["captured_at"] === values["event_at"] ? "" : `, placed at ${str(values["event_at"]) ?? ""}`;
  return [
    step(
      "captured",
      str(values["captured_at"]),
      `${CLOCK_WORDS[str(values["clock"]) ?? ""] ?? ""}${placed}; uptime ${(Number(values["uptime_ms"]) / 1000).toFixed(3)} s`,
    ),
    ...(age === null ? [] : [step("sent", null, `${after(age)} its capture, by the car's monotonic clock`)]),
    step("received", str(values["received_at"]), "by the gateway"),
    step(
      "logged",
      str(values["log_appended_at"]),
      `partition ${str(values["log_partition"]) ?? ""}, offset ${str(values["log_offset"]) ?? ""}${stillThere(evidence)}`,
    ),
    step(
      "landed",
      str(values["landed_at"]),
      row.snapshot?.operation === "replace" ? `now in ${row.file}` : row.file,
    ),
    queryableStep(row),
  ];
};

const captureToQueryable = (row: LandedRow, evidence: Evidence): number | null => {
  const { snapshot, values } = row;
  if (snapshot?.operation !== "append") return null;
  const received = time(values, "received_at");
  const age = ageAtSending(evidence);
  if (age !== null && received !== null) return age + (snapshot.committedAt - received);
  const captured = time(values, "captured_at");
  return captured !== null && TRUE_CLOCKS.includes(values["clock"]) ? snapshot.committedAt - captured : null;
};

const otherSteps = ({ logged, deadLetters, gaps }: Evidence): readonly TraceStep[] => [
  ...(logged === null || logged === "unread"
    ? []
    : [
        step(
          "logged",
          isoTime(logged.appendedAt),
          `topic ${logged.topic}, partition ${logged.partition}, offset ${logged.offset}`,
        ),
      ]),
  ...deadLetters.map((letter) =>
    step(
      "refused",
      str(letter["received_at"]),
      `${str(letter["reason"]) ?? ""}; from topic ${str(letter["topic"]) ?? ""}`,
    ),
  ),
  ...gaps.map((gap) =>
    step(
      "dropped",
      str(gap["event_at"]),
      `numbers ${str(gap["seq_from"]) ?? ""} to ${str(gap["seq_to"]) ?? ""}: ${str(gap["reason"]) ?? ""}`,
    ),
  ),
];

const FOUND: readonly Fate[] = ["landed", "rejected", "in_log", "declared_gap", "in_car", "removed"];

const logPosition = (row: LandedRow | undefined, { logged }: Evidence): TraceReport["log"] => {
  if (row !== undefined)
    return {
      partition: Number(row.values["log_partition"]),
      offset: str(row.values["log_offset"]) ?? "",
    };
  return logged === null || logged === "unread"
    ? null
    : { partition: logged.partition, offset: String(logged.offset) };
};

/** A record's way through all stages, for `--json` and for people. */
export const traceReport = (evidence: Evidence): TraceReport => {
  const { fate, words } = judgeTrace(evidence);
  const [row] = evidence.landed;
  return {
    ok: FOUND.includes(fate),
    id: formatRecordId(evidence.id),
    fate,
    words,
    steps: row === undefined ? otherSteps(evidence) : landedSteps(row, evidence),
    log: logPosition(row, evidence),
    file: row?.file ?? null,
    snapshot:
      row?.snapshot === null || row?.snapshot === undefined
        ? null
        : { id: String(row.snapshot.id), commit: row.snapshot.commit },
    capture_to_queryable_ms: row === undefined ? null : captureToQueryable(row, evidence),
    rows: evidence.landed.map(({ values }) => values),
    dead_letters: evidence.deadLetters,
  };
};
