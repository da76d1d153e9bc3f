import type { Values } from "@roadstream/shared";
import { EXIT_CODES, runProcess, type ExitCode, type ProcessContext } from "@roadstream/shared/adapters";
import { openErasure } from "../../adapters/open-erasure.ts";
import { printRows } from "../../adapters/open-output.ts";
import { erasedLine, eraseNote } from "../../erase/erase-report.ts";
import { eraseVehicle } from "../../erase/erase-vehicle.ts";
import { ERASE_COMMAND } from "./config.ts";

const run = async (
  values: Values<typeof ERASE_COMMAND.options>,
  context: ProcessContext,
): Promise<ExitCode> => {
  await using erasure = await openErasure(values, context);
  const { logger, signal } = context;
  const report = await eraseVehicle({
    ...erasure,
    vehicle: values.vehicle,
    logger,
    signal,
    mode: values.dryRun ? "look" : "erase",
  });
  const code = context.judged(report.ok ? EXIT_CODES.done : EXIT_CODES.failed);
  if (values.json) context.print(`${JSON.stringify(report)}\n`);
  else await printRows(report.tables.map(erasedLine), context.env, eraseNote(report));
  return code;
};

export const start = (argv: readonly string[]): Promise<never> =>
  runProcess({ stage: "cloud", command: ERASE_COMMAND, argv, judges: true, main: run });
