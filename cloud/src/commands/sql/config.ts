import { COMMON_OPTIONS, defineCommand, maybe, setting } from "@roadstream/shared";
import { z } from "zod";
import { ATHENA_OPTIONS, LAKE_OPTION } from "../../config.ts";

export const SQL_COMMAND = defineCommand({
  name: "roadstream cloud sql",
  summary:
    "Asks the lake: DuckDB in memory over the tables' current files, also while cloud run lands more; or Amazon Athena.",
  positionals: ["SQL"],
  options: {
    ...LAKE_OPTION,
    engine: setting(z.enum(["duckdb", "athena"]), {
      help: "Who answers: athena needs --catalog glue:DATABASE, costs money, and has the views of cloud views.",
      placeholder: "duckdb|athena",
      default: "duckdb",
    }),
    ...ATHENA_OPTIONS,
    format: maybe(z.enum(["table", "json", "csv", "parquet"]), {
      help: "How rows are printed: a table for people (the first 1000 rows), or all of them for programs. (default: table)",
      placeholder: "table|json|csv|parquet",
    }),
    output: maybe(z.string(), { help: "Write there instead of to stdout.", placeholder: "FILE" }),
    ...COMMON_OPTIONS,
  },
  examples: [
    `roadstream cloud sql "SELECT view_name, comment FROM duckdb_views() WHERE NOT internal" --lake file:data/lake`,
    `roadstream cloud sql "DESCRIBE moments" --lake file:data/lake`,
    `roadstream cloud sql "SELECT vehicle_id, count(*), max(event_at) FROM gps_data GROUP BY ALL" --lake file:data/lake`,
    `roadstream cloud sql "SELECT event_at, latitude, longitude, vehicle_engine_rpm, weather_condition FROM moments ORDER BY event_at" --lake file:data/lake --format csv`,
    `roadstream cloud sql "FROM vehicle_data" --lake file:data/lake --format parquet --output vehicle.parquet`,
    `roadstream cloud sql "SELECT * FROM seed_gps_data LIMIT 10" --lake s3://bucket/lake --catalog glue:cars --engine athena`,
  ],
});
