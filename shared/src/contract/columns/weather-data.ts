import { oneOf, optional } from "../column.ts";
import { NAME_PATTERN } from "../patterns.ts";
import { position } from "./position.ts";

export const WEATHER_SOURCES = ["simulated", "nws", "vehicle"] as const;

export const WEATHER_DATA_COLUMNS = [
  ...position(101, " that the weather is for"),
  optional(103, "observed_at", "timestamp", "When the station observed it."),
  optional(104, "station_id", "string", "The station, where there is one.", {
    pattern: NAME_PATTERN,
    maxLength: 128,
  }),
  oneOf(105, "source", WEATHER_SOURCES, { nullable: false }, "Where it comes from."),
  optional(106, "temperature_c", "float64", "Air temperature.", { unit: "°C" }),
  optional(107, "weather_condition", "string", "In words: clear, rain, snow …", { maxLength: 128 }),
  optional(108, "precipitation_mm_h", "float64", "Precipitation.", { unit: "mm/h", min: 0 }),
  optional(109, "wind_speed_kmh", "float64", "Wind speed.", { unit: "km/h", min: 0 }),
  optional(110, "humidity_pct", "float64", "Relative humidity.", { unit: "%", min: 0, max: 100 }),
  optional(111, "aqi", "int32", "Air quality index (US EPA).", { min: 0, max: 1000 }),
] as const;
