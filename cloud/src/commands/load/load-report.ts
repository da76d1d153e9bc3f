import type { TableLoad } from "../../warehouse/load-table.ts";
import type { LoadRound } from "../../warehouse/warehouse-loader.ts";

/** One table's line as printed. A type and not an interface: it is printed as a table's row, whose keys are any. */
export type LoadLine = {
  readonly table: string;
  /** `failed` where it could not be loaded; see stderr. */
  readonly mode: string;
  readonly files: number;
  readonly rows: number;
  readonly days_compared: number;
  readonly conflicts: number;
};

const line = ({ table, mode, files, rows, days, conflicts }: TableLoad): LoadLine => ({
  table,
  mode,
  files,
  rows,
  days_compared: days,
  conflicts,
});

/** What a round did, for `--json` and for whoever looks. */
export const loadReport = (warehouse: string, { tables, failures, facts }: LoadRound) => ({
  ok: failures.length === 0,
  warehouse,
  tables: [
    ...tables.map(line),
    ...failures.map(({ table }) => ({
      table,
      mode: "failed",
      files: 0,
      rows: 0,
      days_compared: 0,
      conflicts: 0,
    })),
  ] satisfies readonly LoadLine[],
  facts: facts ?? { vehicles: 0, days: 0 },
});
