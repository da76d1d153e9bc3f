import type { Values } from "@roadstream/shared";
import { EXIT_CODES, runProcess, type ExitCode, type ProcessContext } from "@roadstream/shared/adapters";
import { openLake } from "../../adapters/open-lake.ts";
import { openLoader } from "../../adapters/open-loader.ts";
import { printRows } from "../../adapters/open-output.ts";
import { currentHeads } from "../../lake/current-heads.ts";
import { keepLoading } from "../../warehouse/keep-loading.ts";
import { LoadMetrics } from "../../warehouse/load-metrics.ts";
import { NO_ROUND, sumRounds } from "../../warehouse/sum-rounds.ts";
import type { LoadRound } from "../../warehouse/warehouse-loader.ts";
import { namedTables } from "../named-tables.ts";
import { LOAD_COMMAND } from "./config.ts";
import { loadReport } from "./load-report.ts";

const print = async (name: string, round: LoadRound, isJson: boolean, context: ProcessContext) => {
  const report = loadReport(name, round);
  const code = context.judged(report.ok ? EXIT_CODES.done : EXIT_CODES.failed);
  if (isJson) context.print(`${JSON.stringify(report)}\n`);
  else {
    const rows = report.tables.reduce((sum, line) => sum + line.rows, 0);
    const note =
      rows + report.facts.days === 0
        ? `${name} has all that the lake has.`
        : `${rows} rows were loaded; facts of ${report.facts.days} days were computed anew.`;
    await printRows(
      report.tables.filter(({ mode }) => mode !== "current"),
      context.env,
      note,
    );
  }
  return code;
};

const run = async (
  values: Values<typeof LOAD_COMMAND.options>,
  context: ProcessContext,
): Promise<ExitCode> => {
  const tables = namedTables(context.positionals);
  await using lake = openLake(values, context);
  const { loader, name } = openLoader({ ...values, tables }, lake, context);
  await currentHeads(lake);
  if (values.every === null) return print(name, await loader.round(), values.json, context);
  let sum = NO_ROUND;
  context.ready();
  await keepLoading({
    ...context,
    loader,
    every: values.every,
    metrics: new LoadMetrics(context.metrics, context.clock),
    onRound: (round) => void (sum = sumRounds(sum, round)),
  });
  return values.json ? print(name, sum, true, context) : EXIT_CODES.done;
};

export const start = (argv: readonly string[]): Promise<never> =>
  runProcess({ stage: "cloud", command: LOAD_COMMAND, argv, judges: true, main: run });
