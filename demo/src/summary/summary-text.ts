import type { StreamName } from "@roadstream/shared";
import type { PlannedTrip } from "../plan/planned-trip.ts";
import type { Verdict } from "../judge-run.ts";
import type { NextCommands } from "./command-lines.ts";
import { EXAMPLE } from "./questions.ts";
import type { StreamCounts } from "./stream-counts.ts";
import type { Style } from "./style.ts";
import { bytesText, countText, millisText, plural, secondsText } from "./words.ts";

export interface SummaryInput {
  readonly verdict: Verdict;
  readonly trips: readonly PlannedTrip[];
  readonly elapsedS: number;
  readonly pace: string;
  readonly next: NextCommands;
  readonly style: Style;
}

const COLUMNS = ["captured", "acknowledged", "landed", "rejected", "lost", "doubled"] as const;
const NAME_WIDTH = 16;

const rightAligned = (cells: readonly string[]): string =>
  cells.map((cell, index) => cell.padStart((COLUMNS[index]?.length ?? 0) + 3)).join("");

const streamRow = (name: string, counts: StreamCounts): string =>
  `  ${name.padEnd(NAME_WIDTH)}${rightAligned(COLUMNS.map((column) => countText(counts[column])))}`;

const sumOf = (all: readonly StreamCounts[]): StreamCounts => {
  const sum = (of: (counts: StreamCounts) => number): number =>
    all.reduce((total, counts) => total + of(counts), 0);
  return {
    captured: sum(({ captured }) => captured),
    acknowledged: sum(({ acknowledged }) => acknowledged),
    landed: sum(({ landed }) => landed),
    rejected: sum(({ rejected }) => rejected),
    declared_gap: sum((counts) => counts.declared_gap),
    lost: sum(({ lost }) => lost),
    doubled: sum(({ doubled }) => doubled),
  };
};

const streamTable = (streams: Readonly<Record<StreamName, StreamCounts>>, { bold, dim }: Style): string[] => [
  bold(`  ${"readings".padEnd(NAME_WIDTH)}${rightAligned(COLUMNS)}`),
  ...Object.entries(streams).map(([name, counts]) => streamRow(name, counts)),
  dim(streamRow("all", sumOf(Object.values(streams)))),
];

/** Everything that verify calls neither landed nor lost, where there is any. */
const elsewhere = ({ verify }: Verdict): string[] => {
  const { totals } = verify;
  const words = [
    totals.in_car > 0 ? `${countText(totals.in_car)} still in a car` : null,
    totals.in_log > 0 ? `${countText(totals.in_log)} in the log, not landed yet` : null,
    totals.declared_gap > 0 ? `${countText(totals.declared_gap)} given up by a car, and declared` : null,
    totals.rejected > 0 ? `${countText(totals.rejected)} rejected, kept as dead letters` : null,
  ].filter((text) => text !== null);
  return words.length === 0 ? [] : [`  Elsewhere: ${words.join("; ")}.`];
};

const judgement = ({ verdict, style }: SummaryInput): string[] => {
  const { verify, restarts } = verdict;
  const { landed, lost, doubled } = verify.totals;
  const words = verify.clean
    ? style.good("Nothing lost, nothing doubled")
    : style.bad(`${plural(lost, "reading")} lost, ${countText(doubled)} doubled`);
  const survived = restarts > 0 ? `, although stages died ${plural(restarts, "time")}` : "";
  return [
    `  ${words}${survived}: cloud verify checked all ${countText(landed)} rows of the lake,`,
    "  by the ledger in its commits and, independently, by SQL.",
    ...elsewhere(verdict),
  ];
};

const facts = ({ verdict }: SummaryInput): string[] => {
  const { latency_ms: latency, bytes_per_km: perKm, distance_km: km, files, sentBytes } = verdict;
  const sent = `${bytesText(sentBytes)} by MQTT${perKm === null ? "" : `, ${bytesText(perKm)} per km`}`;
  return [
    `  capture to queryable   p50 ${millisText(latency.p50)}, p99 ${millisText(latency.p99)}`,
    `  driven                 ${km.toFixed(1)} km by the odometer`,
    `  sent                   ${sent}`,
    `  lake                   ${plural(files, "Parquet file")} in Apache Iceberg tables`,
  ];
};

const headline = ({ trips, elapsedS, pace, style }: SummaryInput): string => {
  const [first] = trips;
  const who = trips.length === 1 ? (first?.vehicle ?? "") : plural(trips.length, "car");
  const longest = Math.max(0, ...trips.map(({ durationS }) => durationS));
  const speed = pace === "max" ? "at full speed" : `at ${pace} times its pace`;
  return style.bold(
    `${who} drove ${secondsText(longest)} on the road ${first?.routeName ?? ""}, ${speed}; all done in ${secondsText(elapsedS)}.`,
  );
};

/** What a person reads at the end. */
export const summaryText = (input: SummaryInput): string => {
  const { verdict, next, style } = input;
  const indented = (text: string): string[] =>
    text
      .trimEnd()
      .split("\n")
      .map((line) => `    ${line}`);
  return [
    "",
    headline(input),
    "",
    ...streamTable(verdict.streams, style),
    "",
    ...judgement(input),
    "",
    ...facts(input),
    "",
    style.bold(`  ${EXAMPLE.question}`),
    ...indented(verdict.answer),
    "",
    style.bold("Look further"),
    `  ${style.dim("that question, to change:")}`,
    `    ${next.example}`,
    `  ${style.dim("where the car was last:")}`,
    `    ${next.sql}`,
    ...(next.trace === null
      ? []
      : [`  ${style.dim("one reading through all stages, with times:")}`, `    ${next.trace}`]),
    `  ${style.dim("check everything again:")}`,
    `    ${next.verify}`,
    `  ${style.dim("add another trip, or start afresh:")}`,
    `    ${next.again}`,
    `    ${next.afresh}`,
    "",
  ].join("\n");
};
