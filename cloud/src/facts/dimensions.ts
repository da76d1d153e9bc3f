import { dimension, type Dimension } from "./dimension.ts";
import { column } from "./fact.ts";
import { AREA_CHARACTERS, geohashSql, mapCell, placeLatitudeSql, placeLongitudeSql } from "./place.ts";

const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const PARTS_OF_DAY = [
  { until: 6, name: "night" },
  { until: 10, name: "morning" },
  { until: 15, name: "midday" },
  { until: 19, name: "evening" },
  { until: 24, name: "late" },
];

export const DIM_DAY: Dimension = dimension({
  name: "dim_day",
  comment: "UTC days on which something happened.",
  keys: () =>
    "SELECT day FROM fact_vehicle_day UNION SELECT day FROM fact_trip UNION SELECT day FROM fact_emergency",
  columns: [
    column("day", "date", "The day.", "k.day"),
    column("year", "int32", "Its year.", "CAST(EXTRACT(YEAR FROM k.day) AS INTEGER)"),
    column("month", "int32", "Its month, 1 to 12.", "CAST(EXTRACT(MONTH FROM k.day) AS INTEGER)"),
    column("day_of_month", "int32", "1 to 31.", "CAST(EXTRACT(DAY FROM k.day) AS INTEGER)"),
    // 1970-01-01 was a Thursday.
    column(
      "weekday",
      "int32",
      "ISO 8601: 1 is Monday.",
      ({ daysTo }) => `CAST(MOD(${daysTo("k.day")} + 3, 7) + 1 AS INTEGER)`,
    ),
    column(
      "weekday_name",
      "string",
      "In English.",
      ({ daysTo }) =>
        `CASE MOD(${daysTo("k.day")} + 3, 7) ${WEEKDAYS.map((name, index) => `WHEN ${index} THEN '${name}'`).join(" ")} END`,
      { maxLength: 9 },
    ),
  ],
});

export const DIM_HOUR: Dimension = dimension({
  name: "dim_hour",
  comment: "The 24 hours of a UTC day.",
  keys: () => Array.from({ length: 24 }, (_, hour) => `SELECT ${hour} AS hour`).join(" UNION ALL "),
  columns: [
    column("hour", "int32", "0 to 23.", "k.hour"),
    column(
      "part_of_day",
      "string",
      "In words, of the UTC hour.",
      `CASE ${PARTS_OF_DAY.map(({ until, name }) => `WHEN k.hour < ${until} THEN '${name}'`).join(" ")} END`,
      { maxLength: 9 },
    ),
  ],
});

const PLACES = [
  "SELECT place_key FROM fact_segment",
  "SELECT place_key FROM fact_stop",
  "SELECT place_key FROM fact_event",
  "SELECT start_place_key AS place_key FROM fact_trip",
  "SELECT end_place_key AS place_key FROM fact_trip",
  "SELECT place_key FROM fact_vehicle_day",
  "SELECT place_key FROM fact_emergency",
];

const CELL = mapCell("k.place_key");

export const DIM_PLACE: Dimension = dimension({
  name: "dim_place",
  comment:
    "Cells of the map in which something happened: geohashes of 7 characters, about 150 m by 150 m at most.",
  keys: () => `SELECT place_key FROM (\n${PLACES.join("\nUNION ")}\n) AS places\nWHERE place_key IS NOT NULL`,
  aside: [`${geohashSql(CELL)} AS geohash`],
  columns: [
    column("place_key", "int64", "The cell.", "k.place_key"),
    column("geohash", "string", "The cell as a geohash.", "k.geohash", { maxLength: 7 }),
    column(
      "area",
      "string",
      "The geohash of 5 characters around it, about 5 km by 5 km.",
      `SUBSTR(k.geohash, 1, ${AREA_CHARACTERS})`,
      { maxLength: AREA_CHARACTERS },
    ),
    column("latitude", "float64", "Of its middle. Unit: degrees.", (words) => placeLatitudeSql(CELL, words)),
    column("longitude", "float64", "Of its middle. Unit: degrees.", (words) =>
      placeLongitudeSql(CELL, words),
    ),
  ],
});

const MAYBE = { nullable: true } as const;

/** The last of a car's days that says it, without a window. */
const lastOf = (name: string): string => `SUBSTR(MAX(CAST(day AS VARCHAR) || ${name}), 11)`;

export const DIM_VEHICLE: Dimension = dimension({
  name: "dim_vehicle",
  comment: "Vehicles, as they last described themselves.",
  keys: () => `SELECT vehicle_id, MIN(day) AS first_day, MAX(day) AS last_day, ${[
    "make",
    "model",
    "fuel_type",
    "vehicle_type",
  ]
    .map((name) => `${lastOf(name)} AS ${name}`)
    .join(", ")}, ${lastOf("CAST(year AS VARCHAR)")} AS year
FROM fact_vehicle_day
GROUP BY vehicle_id`,
  columns: [
    column("vehicle_id", "string", "The vehicle.", "k.vehicle_id"),
    column("make", "string", "Manufacturer.", "k.make", MAYBE),
    column("model", "string", "Model.", "k.model", MAYBE),
    column("year", "int32", "Model year.", "CAST(k.year AS INTEGER)", MAYBE),
    column("fuel_type", "string", "Fuel.", "k.fuel_type", MAYBE),
    column("vehicle_type", "string", "Car, truck, bus …", "k.vehicle_type", MAYBE),
    column("first_day", "date", "The first day on which it told anything.", "k.first_day"),
    column("last_day", "date", "The last one.", "k.last_day"),
  ],
});
