/** Whose SQL. */
export type FactDialect = "duckdb" | "redshift" | "athena";

/**
 * The few things that engines do not say alike. Times are computed with as whole milliseconds since 1970, so that
 * everything else is one SQL for all of them.
 */
export interface Words {
  readonly dialect: FactDialect;
  /** Milliseconds since 1970 of a time with a zone. */
  readonly msOf: (time: string) => string;
  /** The time at so many milliseconds since 1970. */
  readonly timeOf: (ms: string) => string;
  /** The day so many days after 1970-01-01; the count is an integer. */
  readonly dayOf: (days: string) => string;
  /** Days since 1970-01-01 of a day. */
  readonly daysTo: (day: string) => string;
  /** Type names. */
  readonly double: string;
  readonly text: string;
}

const DUCKDB: Words = {
  dialect: "duckdb",
  msOf: (time) => `epoch_ms(${time})`,
  timeOf: (ms) => `make_timestamptz((${ms}) * 1000)`,
  dayOf: (days) => `(DATE '1970-01-01' + ${days})`,
  daysTo: (day) => `(${day} - DATE '1970-01-01')`,
  double: "DOUBLE",
  text: "VARCHAR",
};

const REDSHIFT: Words = {
  dialect: "redshift",
  msOf: (time) => `DATEDIFF(millisecond, TIMESTAMP 'epoch', (${time}) AT TIME ZONE 'UTC')`,
  // Seconds and milliseconds each for themselves: both are exact as doubles, their sum in microseconds is not.
  timeOf: (ms) =>
    `((TIMESTAMP 'epoch' + ((${ms} - MOD(${ms}, 1000)) / 1000) * INTERVAL '1 second'` +
    ` + MOD(${ms}, 1000) * INTERVAL '0.001 second') AT TIME ZONE 'UTC')`,
  dayOf: (days) => `(DATE '1970-01-01' + ${days})`,
  daysTo: (day) => `(${day} - DATE '1970-01-01')`,
  double: "DOUBLE PRECISION",
  text: "VARCHAR",
};

const ATHENA: Words = {
  dialect: "athena",
  msOf: (time) => `CAST(ROUND(to_unixtime(${time}) * 1000) AS BIGINT)`,
  // A view in the Glue catalog has Hive's types, and Hive has no time with a zone.
  timeOf: (ms) => `CAST(from_unixtime((${ms}) / 1e3) AT TIME ZONE 'UTC' AS TIMESTAMP(3))`,
  dayOf: (days) => `date_add('day', ${days}, DATE '1970-01-01')`,
  daysTo: (day) => `date_diff('day', DATE '1970-01-01', ${day})`,
  double: "DOUBLE",
  text: "VARCHAR",
};

export const WORDS: Readonly<Record<FactDialect, Words>> = {
  duckdb: DUCKDB,
  redshift: REDSHIFT,
  athena: ATHENA,
};

export const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** How often a whole number goes into another: without fractions, which engines round before FLOOR can see them. */
export const quotient = (value: string, by: number): string =>
  `CAST((${value} - MOD(${value}, ${by})) / ${by} AS BIGINT)`;

/** The nearest whole number. */
export const whole = (value: string): string => `CAST(ROUND(${value}) AS BIGINT)`;

/** A whole number in a larger unit. */
export const inUnits = (value: string, units: number, { double }: Words): string =>
  `(CAST(${value} AS ${double}) / ${units.toFixed(1)})`;

/** The UTC day of a moment in milliseconds. */
export const dayOfMs = (ms: string, words: Words): string =>
  words.dayOf(`CAST(${quotient(ms, DAY_MS)} AS INTEGER)`);

/** The first millisecond of a day. */
export const msOfDay = (day: string, { daysTo }: Words): string =>
  `CAST(${daysTo(day)} AS BIGINT) * ${DAY_MS}`;

/** The UTC hour, 0 to 23. */
export const hourOfMs = (ms: string): string => `CAST(MOD(${quotient(ms, HOUR_MS)}, 24) AS INTEGER)`;

/** 1 where it is so, else 0: flags are numbers, because every engine adds and compares those. */
export const flag = (condition: string): string => `CASE WHEN ${condition} THEN 1 ELSE 0 END`;
