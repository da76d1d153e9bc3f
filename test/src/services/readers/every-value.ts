import type { Column, ColumnType, TableName } from "@roadstream/shared";
import { TABLE_NAMES, tableDefinition, WrittenLake } from "@roadstream/cloud/testing";

/** As `cloud sql` has it: 64-bit integers are text, times ISO 8601 in UTC, bytes base64. */
type EveryCell = string | number | boolean | null;
export type EveryRow = Readonly<Record<string, EveryCell>>;

const DAYS = ["2026-01-01", "2026-02-28", "2026-03-31"] as const;
const ROWS_PER_DAY = 12;
const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, i) => i));

/** The ends of what a type can say, what lies near zero, and what writers and readers are known to trip over. */
const VALUES: Readonly<Record<ColumnType, readonly Exclude<EveryCell, null>[]>> = {
  string: [
    "plain",
    "",
    " blanks ",
    "Zürich, 東京, Ελλάδα, Ωmega",
    "car 🚗 family 👩‍👩‍👧",
    "e\u0301 is not \u00e9",
    "\u{10ffff}\u{ffff}",
    "quote ' quotes \" backslash \\ lines \n\r\n tab \t",
    "null",
    "ü".repeat(600),
  ],
  int32: [0, 1, -1, 2_147_483_647, -2_147_483_648, 65_536],
  int64: ["0", "-1", "9007199254740993", "-9007199254740993", "9223372036854775807", "-9223372036854775808"],
  float64: [
    0,
    -0,
    0.1,
    5e-324,
    -2.225_073_858_507_201_4e-308,
    Number.MAX_VALUE,
    -Number.MAX_VALUE,
    1e21,
    -1e-7,
    41.256_512_345_678_9,
  ],
  boolean: [true, false],
  timestamp: [
    "2026-01-01T00:00:00.000Z",
    "1969-12-31T23:59:59.999Z",
    "1970-01-01T00:00:00.000Z",
    "0001-01-01T00:00:00.000Z",
    "9999-12-31T23:59:59.999Z",
    "2024-02-29T12:34:56.789Z",
    "1582-10-10T00:00:00.001Z",
  ],
  bytes: ["", "AA==", ALL_BYTES.toString("base64"), Buffer.alloc(2_000, ALL_BYTES).toString("base64")],
};

/** Each value in turn, and null between them; columns are out of step, so that no two of a row are alike. */
const cellOf = (column: Column, position: number, row: number): EveryCell => {
  const values = VALUES[column.type];
  const turn = (row + position) % (values.length + (column.nullable ? 1 : 0));
  return values[turn] ?? null;
};

/** Rows of a table in which every column takes every value of its type; `log_offset` tells them apart. */
export const everyRow = (name: TableName): readonly EveryRow[] => {
  const { columns, dayOf } = tableDefinition(name);
  return DAYS.flatMap((day, d) =>
    Array.from({ length: ROWS_PER_DAY }, (_, i) => {
      const row = d * ROWS_PER_DAY + i;
      const cells = columns.map((column, position) => [column.name, cellOf(column, position, row)] as const);
      const at = `${day}T${String(i * 2).padStart(2, "0")}:59:59.${String(row).padStart(3, "0")}Z`;
      return { ...Object.fromEntries(cells), [dayOf]: at, log_offset: String(row) };
    }),
  );
};

/** A lake, there or in a folder of its own, whose tables hold {@link everyRow}: one commit, and three files, each. */
export const everyValueLake = async (spec: string | null): Promise<WrittenLake> => {
  const lake = await WrittenLake.open(spec);
  for (const name of TABLE_NAMES) await lake.append(name, everyRow(name));
  return lake;
};

const IN_WORDS: Readonly<Record<ColumnType, (value: unknown) => unknown>> = {
  string: (value) => value,
  int32: Number,
  int64: String,
  float64: (value) => value,
  boolean: (value) => value,
  timestamp: (value) => new Date(typeof value === "number" ? value / 1000 : String(value)).toISOString(),
  bytes: (value) => value,
};

/**
 * Another reader's rows as ours: in order, every column of the contract, absent is null, one spelling of whole numbers
 * and of times (text, or microseconds since 1970). A column too many stays, and so is seen.
 */
export const asOurs = (
  name: TableName,
  rows: readonly Readonly<Record<string, unknown>>[],
): readonly EveryRow[] => {
  const types = new Map(tableDefinition(name).columns.map((column) => [column.name, column.type]));
  const cell = (column: string, value: unknown): unknown => {
    const type = types.get(column);
    return value === null || value === undefined || type === undefined
      ? (value ?? null)
      : IN_WORDS[type](value);
  };
  return rows
    .map((row) => {
      const names = new Set([...types.keys(), ...Object.keys(row)]);
      return Object.fromEntries([...names].map((column) => [column, cell(column, row[column])])) as EveryRow;
    })
    .toSorted((one, other) => Number(one["log_offset"]) - Number(other["log_offset"]));
};

/** As JSON says it, which `cloud sql` prints: there is no minus zero in it. */
export const asPrinted = (rows: readonly EveryRow[]): unknown => JSON.parse(JSON.stringify(rows));
