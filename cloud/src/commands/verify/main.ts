import type { Values } from "@roadstream/shared";
import { EXIT_CODES, runProcess, type ExitCode, type ProcessContext } from "@roadstream/shared/adapters";
import { openVerify } from "../../adapters/open-verify.ts";
import { reportText } from "../../verify/report-text.ts";
import { verifyLake } from "../../verify/verify-lake.ts";
import { VERIFY_COMMAND } from "./config.ts";

const verify = async (
  values: Values<typeof VERIFY_COMMAND.options>,
  context: ProcessContext,
): Promise<ExitCode> => {
  await using opened = await openVerify({ ...context, ...values });
  const report = await verifyLake(opened, { vehicle: values.vehicle });
  const code = context.judged(report.clean ? EXIT_CODES.done : EXIT_CODES.defect);
  if (values.json) context.print(`${JSON.stringify(report)}\n`);
  else process.stderr.write(reportText(report));
  return code;
};

export const start = (argv: readonly string[]): Promise<never> =>
  runProcess({ stage: "cloud", command: VERIFY_COMMAND, argv, judges: true, main: verify });
