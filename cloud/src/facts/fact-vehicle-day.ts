import { column, fact, type Fact } from "./fact.ts";
import { placeKeySql } from "./place.ts";
import type { Scope } from "./relation.ts";
import { DRIVING_CLOCK, timedRows } from "./timed-rows.ts";
import { DAY_MS, dayOfMs, inUnits, quotient, whole, type Words } from "./words.ts";

/** Finer than any of these values is measured. */
const PARTS = 10_000_000;
const TWO_TO_32 = 4_294_967_296;
const MS_DIGITS = 8;

/** The day's last value: the time of day leads a number or a text, whose greatest is taken. No window, no join. */
const lastNumber = (value: string, offset = 0): string =>
  `MAX(MOD(at_ms, ${DAY_MS}) * ${TWO_TO_32} + ${whole(`(${value} + ${offset}) * ${PARTS}.0`)})`;
const lastText = (value: string): string =>
  `MAX(LPAD(CAST(MOD(at_ms, ${DAY_MS}) AS VARCHAR), ${MS_DIGITS}, '0') || ${value})`;

const numberOf =
  (packed: string, offset = 0) =>
  (words: Words): string =>
    inUnits(`(MOD(${packed}, ${TWO_TO_32}) - ${offset * PARTS})`, PARTS, words);
const textOf = (packed: string): string => `SUBSTR(${packed}, ${MS_DIGITS + 1})`;

/** Columns of the two streams, each with what it is of the other: nothing. */
const COLUMNS = [
  { name: "position_ms", type: "BIGINT", gps: "MAX(CASE WHEN latitude IS NOT NULL THEN at_ms END)" },
  { name: "latitude", type: "BIGINT", gps: lastNumber("latitude", 90) },
  { name: "longitude", type: "BIGINT", gps: lastNumber("longitude", 180) },
  { name: "vehicle_type", type: "VARCHAR", gps: lastText("vehicle_type") },
  { name: "odometer_km", type: "double", obd: "MAX(odometer_km)" },
  { name: "fuel_level", type: "BIGINT", obd: lastNumber("fuel_level_pct") },
  { name: "battery", type: "BIGINT", obd: lastNumber("battery_v") },
  { name: "mil", type: "BIGINT", obd: lastNumber("CASE WHEN mil_on THEN 1 WHEN NOT mil_on THEN 0 END") },
  { name: "dtc_codes", type: "VARCHAR", obd: lastText("dtc_codes") },
  { name: "make", type: "VARCHAR", obd: lastText("make") },
  { name: "model", type: "VARCHAR", obd: lastText("model") },
  { name: "year", type: "VARCHAR", obd: lastText("CAST(year AS VARCHAR)") },
  { name: "fuel_type", type: "VARCHAR", obd: lastText("fuel_type") },
] as const;

const ofStream = (stream: "gps" | "obd", { double }: Words): string =>
  COLUMNS.map((one) => {
    const sql = stream in one ? (one as Readonly<Record<string, string>>)[stream] : undefined;
    return `${sql ?? `CAST(NULL AS ${one.type === "double" ? double : one.type})`} AS ${one.name}`;
  }).join(", ");

const day = (stream: "gps" | "obd", timed: string, words: Words): string => {
  const counted =
    stream === "gps" ? "COUNT(*) AS gps_rows, 0 AS vehicle_rows" : "0 AS gps_rows, COUNT(*) AS vehicle_rows";
  return `SELECT vehicle_id, ${quotient("at_ms", DAY_MS)} AS day_no, MIN(at_ms) AS first_ms, MAX(at_ms) AS last_ms, ${counted},
    ${ofStream(stream, words)}
  FROM (
${timed}
  ) AS ${stream}
  GROUP BY vehicle_id, ${quotient("at_ms", DAY_MS)}`;
};

const days = (words: Words, scope: Scope): string => {
  const gps = timedRows(
    { stream: "gps_data", columns: ["latitude", "longitude", "vehicle_type"] },
    words,
    scope,
  );
  const obd = timedRows(
    {
      stream: "vehicle_data",
      columns: [
        "odometer_km",
        "fuel_level_pct",
        "battery_v",
        "mil_on",
        "dtc_codes",
        "make",
        "model",
        "year",
        "fuel_type",
      ],
    },
    words,
    scope,
  );
  return `FROM (
  SELECT vehicle_id, day_no, MIN(first_ms) AS first_ms, MAX(last_ms) AS last_ms, SUM(gps_rows) AS gps_rows, SUM(vehicle_rows) AS vehicle_rows,
    ${COLUMNS.map(({ name }) => `MAX(${name}) AS ${name}`).join(", ")}
  FROM (
  ${day("gps", gps, words)}
  UNION ALL
  ${day("obd", obd, words)}
  ) AS streams
  GROUP BY vehicle_id, day_no
) AS days`;
};

const MAYBE = { nullable: true } as const;
const text = (name: string, comment: string, maxLength = 64) =>
  column(name, "string", comment, textOf(name), { nullable: true, maxLength });

/** What was last known of a car at each day's end. The last known state of all is found among a car's few days. */
export const FACT_VEHICLE_DAY: Fact = fact({
  name: "fact_vehicle_day",
  comment: "A car's UTC day: how much it told, and each value as it was last known on that day.",
  identity: ["vehicle_id", "day"],
  sortKey: ["day"],
  renewal: "days",
  reads: [DRIVING_CLOCK],
  columns: [
    column("vehicle_id", "string", "The vehicle.", "vehicle_id"),
    column("day", "date", "The UTC day.", (words) => dayOfMs(`(day_no * ${DAY_MS})`, words)),
    column("first_at", "timestamp", "First reading of receiver or car.", ({ timeOf }) => timeOf("first_ms")),
    column("last_at", "timestamp", "Last one.", ({ timeOf }) => timeOf("last_ms")),
    column("gps_rows", "int64", "Rows of gps_data.", "gps_rows"),
    column("vehicle_rows", "int64", "Rows of vehicle_data.", "vehicle_rows"),
    column(
      "position_at",
      "timestamp",
      "When it last knew where it was.",
      ({ timeOf }) => timeOf("position_ms"),
      MAYBE,
    ),
    column("latitude", "float64", "WGS84 latitude then. Unit: degrees.", numberOf("latitude", 90), MAYBE),
    column("longitude", "float64", "WGS84 longitude then. Unit: degrees.", numberOf("longitude", 180), MAYBE),
    column(
      "place_key",
      "int64",
      "Its cell; see dim_place.",
      (words) => placeKeySql(numberOf("latitude", 90)(words), numberOf("longitude", 180)(words)),
      MAYBE,
    ),
    column("odometer_km", "float64", "Highest odometer. Unit: km.", "odometer_km", MAYBE),
    column("fuel_level_pct", "float64", "Tank level. Unit: %.", numberOf("fuel_level"), MAYBE),
    column("battery_v", "float64", "Battery voltage. Unit: V.", numberOf("battery"), MAYBE),
    column(
      "mil_on",
      "boolean",
      "Malfunction indicator lamp.",
      (words) => `(${numberOf("mil")(words)} > 0)`,
      MAYBE,
    ),
    text("dtc_codes", "Trouble codes; empty = asked and none.", 1024),
    text("make", "Manufacturer."),
    text("model", "Model."),
    column("year", "int32", "Model year.", `CAST(${textOf("year")} AS INTEGER)`, MAYBE),
    text("fuel_type", "Fuel."),
    text("vehicle_type", "Car, truck, bus …"),
  ],
  from: days,
});
