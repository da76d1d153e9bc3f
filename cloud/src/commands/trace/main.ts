import { logTopics, parseRecordId, RoadstreamError, STREAM_NAMES, type Values } from "@roadstream/shared";
import {
  EXIT_CODES,
  nodeSha256,
  nodeZstd,
  runProcess,
  type ExitCode,
  type ProcessContext,
} from "@roadstream/shared/adapters";
import { DuckDbEngine } from "../../adapters/duckdb-engine.ts";
import { duckDbFindRows } from "../../adapters/duckdb-find-rows.ts";
import { DuckDbLakeRows } from "../../adapters/duckdb-lake-rows.ts";
import { openLake } from "../../adapters/open-lake.ts";
import { openExistingLog } from "../../adapters/open-log.ts";
import { gatherEvidence } from "../../trace/gather-evidence.ts";
import { traceReport } from "../../trace/trace-report.ts";
import { traceText } from "../../trace/trace-text.ts";
import { TRACE_COMMAND } from "./config.ts";

const run = async (
  values: Values<typeof TRACE_COMMAND.options>,
  context: ProcessContext,
): Promise<ExitCode> => {
  const [text = ""] = context.positionals;
  const id = parseRecordId(text);
  if (id === null)
    throw new RoadstreamError("usage", `not a record's id: ${text}`, {
      hint: `vehicle/boot/stream/seq, as the column id of the seed_ views has it; streams are ${STREAM_NAMES.join(", ")}`,
    });
  await using lake = openLake(values, context);
  await using opened = new AsyncDisposableStack();
  const log = values.log === null ? null : opened.use(await openExistingLog(values.log, context));
  const engine = opened.use(await DuckDbEngine.open());
  const evidence = await gatherEvidence(
    {
      store: lake.store,
      tables: lake.tables,
      zstd: nodeZstd,
      sha256: nodeSha256,
      findRows: duckDbFindRows(engine, lake.store),
      rows: new DuckDbLakeRows({ engine, store: lake.store }),
      topics: logTopics(context.env),
      log,
    },
    id,
  );
  const report = traceReport(evidence);
  const code = context.judged(report.ok ? EXIT_CODES.done : EXIT_CODES.failed);
  context.print(values.json ? `${JSON.stringify(report)}\n` : traceText(report));
  return code;
};

export const start = (argv: readonly string[]): Promise<never> =>
  runProcess({ stage: "cloud", command: TRACE_COMMAND, argv, judges: true, main: run });
