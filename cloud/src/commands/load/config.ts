import { COMMON_OPTIONS, defineCommand, durationText, maybe, METRICS_OPTION } from "@roadstream/shared";
import { LAKE_OPTION, WAREHOUSE_OPTION } from "../../config.ts";

export const LOAD_COMMAND = defineCommand({
  name: "roadstream cloud load",
  summary:
    "Copies what is new in all tables, or those named, to a warehouse, merges it by identity, and computes the facts of driving anew where rows changed. It has a cursor of its own and never holds up cloud run.",
  rest: "TABLE",
  options: {
    ...WAREHOUSE_OPTION,
    ...LAKE_OPTION,
    every: maybe(durationText, {
      help: "Load again and again, this long after one another, until stopped; else once.",
      placeholder: "DURATION",
    }),
    ...METRICS_OPTION,
    ...COMMON_OPTIONS,
  },
  examples: [
    "roadstream cloud load --lake file:data/lake --warehouse duckdb:data/cars.duckdb",
    "roadstream cloud load --lake s3://bucket/lake --catalog glue:cars --warehouse 'redshift://roadstream/cars?region=eu-west-1' --every 5m",
  ],
});
