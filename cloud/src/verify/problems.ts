import { formatRecordId, type SeqRange, type StreamName, type TableName } from "@roadstream/shared";
import type { LiveFile } from "../ports.ts";
import type { Problem, SeriesReport } from "./report.ts";

/** Ids named with each problem. */
export const MAX_EXAMPLES = 10;

const CHANGED_OUTSIDE =
  "Something changed the data files without a commit of the table. Follow one of them: roadstream cloud trace ID";

/** The first ids of some ranges of one series. */
export class ExampleIds {
  readonly ids: string[] = [];

  add(
    series: { readonly vehicleId: string; readonly bootId: string },
    stream: StreamName,
    ranges: Iterable<SeqRange>,
  ): void {
    for (const [from, to] of ranges) {
      for (let seq = from; seq <= to; seq += 1) {
        if (this.ids.length >= MAX_EXAMPLES) return;
        this.ids.push(formatRecordId({ vehicleId: series.vehicleId, bootId: series.bootId, stream, seq }));
      }
    }
  }
}

export const filesMissing = (table: TableName, files: readonly LiveFile[]): Problem => ({
  code: "files_missing",
  table,
  message: `data files that ${table} names are gone from the store: ${files.length}, with ${files.reduce((sum, { rows }) => sum + rows, 0)} rows`,
  examples: files.slice(0, MAX_EXAMPLES).map(({ key }) => key),
  next: "Something removed them without a commit of the table. Put them back from a copy of the lake, under the same names",
});

interface Difference {
  readonly table: TableName;
  readonly rows: number;
  /** How many the table's history lays to others: missing ones to retention, erasure and other engines. */
  readonly explained: number;
  readonly examples: readonly string[];
}

export const rowsMissing = ({ table, rows, explained, examples }: Difference): Problem => ({
  code: "rows_missing",
  table,
  message:
    `${rows} rows have landed by the ledger and are not in ${table}` +
    (explained === 0 ? "" : `; retention, erasure and other engines removed only ${explained}`),
  examples,
  next: CHANGED_OUTSIDE,
});

export const rowsUnknown = ({ table, rows, explained, examples }: Difference): Problem => ({
  code: "rows_unknown",
  table,
  message:
    `${rows} rows of ${table} are not in the ledger` +
    (explained === 0 ? "" : `; other engines' commits added only ${explained}`),
  examples,
  next: CHANGED_OUTSIDE,
});

export const rowsContradict = (table: TableName, counted: number, listed: number): Problem => ({
  code: "rows_contradict",
  table,
  message: `${table} has ${counted} rows when they are counted, and ${listed} when they are listed`,
  examples: [],
  next: "A data file contradicts itself. Put it back from a copy of the lake: roadstream cloud files names them all",
});

export const rowsDoubled = (table: TableName, rows: number, examples: readonly string[]): Problem => ({
  code: "rows_doubled",
  table,
  message: `${rows} rows of ${table} repeat an identity that stands there already`,
  examples,
  next: "Look where both come from: roadstream cloud trace ID",
});

/** Lost for another reason than a row that is gone. */
export const readingsLost = (table: StreamName, series: readonly SeriesReport[]): Problem => {
  const examples = new ExampleIds();
  let lost = 0;
  for (const one of series) {
    lost += one.lost;
    examples.add({ vehicleId: one.vehicle_id, bootId: one.boot_id }, table, one.missing);
  }
  return {
    code: "readings_lost",
    table,
    message: `${lost} readings were given a number and are neither in ${table} nor refused, declared, in the log or in the car`,
    examples: examples.ids,
    next: "See how far one came: roadstream cloud trace ID --log SPEC",
  };
};

export const ledgerInconsistent = (table: TableName, counted: number, listed: number): Problem => ({
  code: "ledger_inconsistent",
  table,
  message: `the ledger of ${table} counts ${counted} landed records and lists ${listed}`,
  examples: [],
  next: `Build it anew from the rows: roadstream cloud rebuild ${table}`,
});

export const rolledBackTable = (table: TableName, why: string): Problem => ({
  code: "rolled_back",
  table,
  message: `${table} was rolled back: ${why}`,
  examples: [],
  next: "Roll forward to the newest snapshot, or rebuild the table from the log",
});
