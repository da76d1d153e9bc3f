import { type Counts, noReadings, addCounts, type Problem, type VerifyReport } from "./report.ts";

const COLUMNS: readonly (readonly [key: keyof Counts, title: string])[] = [
  ["given", "given"],
  ["landed", "landed"],
  ["rejected", "rejected"],
  ["declared_gap", "gap"],
  ["in_log", "in log"],
  ["in_car", "in car"],
  ["unknown", "unknown"],
  ["removed", "removed"],
  ["lost", "lost"],
  ["foreign", "foreign"],
  ["doubled", "doubled"],
];

const MAX_VEHICLES = 20;

/** The report for people. */
export const reportText = (report: VerifyReport): string =>
  [...table(report), "", ...problems(report.problems), ...conclusion(report), ""].join("\n");

const table = (report: VerifyReport): readonly string[] => {
  const byStream = new Map<string, Counts>();
  for (const one of report.series) {
    const counts = byStream.get(one.stream) ?? noReadings();
    byStream.set(one.stream, counts);
    addCounts(counts, one);
  }
  const lines: (readonly string[])[] = [["stream", ...COLUMNS.map(([, title]) => title)]];
  for (const [stream, counts] of byStream) lines.push(line(stream, counts));
  lines.push(line("all", report.totals));
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((cells) => cells[column]?.length ?? 0)),
  );
  return lines.map((cells) =>
    cells
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart((widths[i] ?? 0) + 2)))
      .join(""),
  );
};

const line = (title: string, counts: Counts): readonly string[] => [
  title,
  ...COLUMNS.map(([key]) => String(counts[key])),
];

const problems = (all: readonly Problem[]): readonly string[] =>
  all.flatMap((problem) => [
    `DEFECT ${problem.code}: ${problem.message}`,
    ...problem.examples.map((id) => `  ${id}`),
    `  → ${problem.next}`,
    "",
  ]);

/** What is on its way, or will never be known, in words. */
const OPEN_ENDS: readonly (readonly [key: keyof Counts, words: string])[] = [
  ["in_log", "may still lie in the log: cloud run will land them"],
  ["in_car", "are still in the cars"],
  [
    "unknown",
    "nobody can speak for: the outbox was replaced, no checkpoint has come so far, or a ledger that was rebuilt has forgotten them with rows that had been removed",
  ],
  ["removed", "had landed and were removed: by retention, by an erasure, or by another engine"],
];

const conclusion = (report: VerifyReport): readonly string[] => {
  const { totals, vehicles } = report;
  const open = OPEN_ENDS.filter(([key]) => totals[key] > 0).map(([key, words]) => `${totals[key]} ${words}`);
  const waiting = vehicles.filter((one) => one.complete_through === null).map((one) => one.vehicle_id);
  const some = waiting.slice(0, MAX_VEHICLES).join(", ");
  const through =
    report.complete_through === null
      ? `Not complete through any time yet${some === "" ? "" : `: no checkpoint of ${some} can be judged so far`}.`
      : `Complete through ${report.complete_through}: every reading that the cars had taken by then is accounted for above.`;
  return [
    ...open.map((words) => `${words}.`),
    through,
    report.clean ? "Clean: nothing lost, nothing doubled." : "NOT clean.",
  ];
};
