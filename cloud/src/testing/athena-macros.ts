/** Functions that Athena's SQL has and DuckDB lacks, or has otherwise, so that views run here as they are printed. */
export const ATHENA_MACROS: readonly string[] = [
  "CREATE OR REPLACE MACRO to_unixtime(moment) AS epoch(moment)",
  "CREATE OR REPLACE MACRO from_unixtime(seconds) AS to_timestamp(seconds)",
  "CREATE OR REPLACE MACRO date_add(part, days, day) AS day + CAST(days AS INTEGER)",
];
