import { logTopics, type Values } from "@roadstream/shared";
import { EXIT_CODES, runProcess, type ExitCode, type ProcessContext } from "@roadstream/shared/adapters";
import { DuckDbEngine } from "../../adapters/duckdb-engine.ts";
import { duckDbRecentRows } from "../../adapters/duckdb-recent-rows.ts";
import { openLake } from "../../adapters/open-lake.ts";
import { openExistingLog } from "../../adapters/open-log.ts";
import { printRows } from "../../adapters/open-output.ts";
import { currentHeads } from "../../lake/current-heads.ts";
import { lakeStatus } from "../../status/lake-status.ts";
import { logLag } from "../../status/log-lag.ts";
import { statusNote, statusRow } from "../../status/status-text.ts";
import { STATUS_COMMAND } from "./config.ts";

const run = async (
  values: Values<typeof STATUS_COMMAND.options>,
  context: ProcessContext,
): Promise<ExitCode> => {
  await using opened = new AsyncDisposableStack();
  const lake = opened.use(openLake(values, context));
  const log = values.log === null ? null : opened.use(await openExistingLog(values.log, context));
  const heads = await currentHeads(lake);
  const engine = opened.use(await DuckDbEngine.open());
  const report = await lakeStatus(
    {
      heads,
      tables: lake.tables,
      recentRows: duckDbRecentRows(engine, lake.store),
      lag: log === null ? null : logLag(log, logTopics(context.env), heads),
    },
    {
      now: await lake.store.now(),
      windowMs: values.window,
      thresholds: {
        lagRecords: values.alarmLag,
        staleMs: values.alarmStale,
        latencyMs: values.alarmLatency,
        conflictPercent: values.alarmConflicts,
        deadLetters: values.alarmDeadLetters,
      },
    },
  );
  const isBad = values.failOnAlarm && report.alarms.length > 0;
  const code = context.judged(isBad ? EXIT_CODES.defect : EXIT_CODES.done);
  if (values.json) context.print(`${JSON.stringify(report)}\n`);
  else await printRows(report.tables.map(statusRow), context.env, statusNote(report));
  return code;
};

export const start = (argv: readonly string[]): Promise<never> =>
  runProcess({ stage: "cloud", command: STATUS_COMMAND, argv, judges: true, main: run });
