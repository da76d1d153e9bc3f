import type { TableLoad } from "./load-table.ts";
import type { LoadRound } from "./warehouse-loader.ts";

export const NO_ROUND: LoadRound = { tables: [], failures: [], facts: null };

const sumLoads = (before: TableLoad | undefined, now: TableLoad): TableLoad => ({
  table: now.table,
  mode: now.mode === "current" ? (before?.mode ?? "current") : now.mode,
  files: (before?.files ?? 0) + now.files,
  rows: (before?.rows ?? 0) + now.rows,
  days: (before?.days ?? 0) + now.days,
  conflicts: (before?.conflicts ?? 0) + now.conflicts,
});

/** What rounds did together. A failure that a later round made good is none; a round that asked nobody says nothing new. */
export const sumRounds = (before: LoadRound, now: LoadRound): LoadRound => {
  const tables = new Map(before.tables.map((load) => [load.table, load]));
  for (const load of now.tables) tables.set(load.table, sumLoads(tables.get(load.table), load));
  const facts = [before.facts, now.facts].filter((refresh) => refresh !== null);
  return {
    tables: [...tables.values()],
    failures: now.failures,
    facts:
      facts.length === 0
        ? null
        : {
            vehicles: Math.max(...facts.map(({ vehicles }) => vehicles)),
            days: facts.reduce((sum, { days }) => sum + days, 0),
          },
  };
};
