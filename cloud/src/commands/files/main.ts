import type { Values } from "@roadstream/shared";
import { EXIT_CODES, runProcess, type ExitCode, type ProcessContext } from "@roadstream/shared/adapters";
import { openLake } from "../../adapters/open-lake.ts";
import { printRows } from "../../adapters/open-output.ts";
import { currentHeads } from "../../lake/current-heads.ts";
import { namedTables } from "../named-tables.ts";
import { FILES_COMMAND } from "./config.ts";
import { filesReport } from "./files-report.ts";

const run = async (
  values: Values<typeof FILES_COMMAND.options>,
  context: ProcessContext,
): Promise<ExitCode> => {
  await using lake = openLake(values, context);
  const names = namedTables(context.positionals);
  const heads = await currentHeads(lake);
  for (const name of names) {
    const head = heads[name];
    const files = head === null ? [] : await lake.tables[name].files(head);
    const report = filesReport(name, head, files, (key) => lake.store.location(key));
    if (values.json) context.print(`${JSON.stringify(report)}\n`);
    else {
      const { totals } = report;
      const note = `${name}: files ${totals.files}, rows ${totals.rows}, bytes ${totals.bytes}`;
      await printRows(report.files, context.env, head === null ? `${name} does not exist yet` : note);
    }
  }
  return EXIT_CODES.done;
};

export const start = (argv: readonly string[]): Promise<never> =>
  runProcess({ stage: "cloud", command: FILES_COMMAND, argv, main: run });
