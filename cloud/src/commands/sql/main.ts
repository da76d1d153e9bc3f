import { RoadstreamError, type Values } from "@roadstream/shared";
import { EXIT_CODES, runProcess, type ExitCode, type ProcessContext } from "@roadstream/shared/adapters";
import { openOutput, peopleLook, sayToPeople, STDOUT } from "../../adapters/open-output.ts";
import { openQueryEngine } from "../../adapters/open-query-engine.ts";
import { csvText } from "../../sql/csv-text.ts";
import { jsonObjectText, jsonText } from "../../sql/json-text.ts";
import type { QueryResult } from "../../sql/query-result.ts";
import { MAX_TABLE_ROWS, tableText, type TableLook } from "../../sql/table-text.ts";
import { SQL_COMMAND } from "./config.ts";

const TEXTS: Readonly<
  Record<"table" | "json" | "csv" | "object", (result: QueryResult, look: TableLook) => AsyncIterable<string>>
> = { table: tableText, json: jsonText, csv: csvText, object: jsonObjectText };

const run = async (
  values: Values<typeof SQL_COMMAND.options>,
  context: ProcessContext,
): Promise<ExitCode> => {
  const [sql = ""] = context.positionals;
  if (values.json && values.format !== null)
    throw new RoadstreamError("usage", "--json is a format of its own: leave out --format");
  const path = values.output === null ? null : context.path(values.output);
  if (values.format === "parquet" && path === null && STDOUT.isTerminal)
    throw new RoadstreamError("usage", "Parquet is not for a terminal", { hint: "Add --output FILE." });
  await using engine = await openQueryEngine(values, { ...context, note: sayToPeople });
  if (values.format === "parquet") {
    const file = await engine.parquet(sql);
    await using output = await openOutput(path);
    await output.copy(file);
    return EXIT_CODES.done;
  }
  const result = await engine.query(sql);
  await using output = await openOutput(path);
  const texts = TEXTS[values.json ? "object" : (values.format ?? "table")](result, {
    ...peopleLook(output, context.env),
    maxRows: MAX_TABLE_ROWS,
  });
  for await (const text of texts) await output.write(text);
  return EXIT_CODES.done;
};

export const start = (argv: readonly string[]): Promise<never> =>
  runProcess({ stage: "cloud", command: SQL_COMMAND, argv, main: run });
