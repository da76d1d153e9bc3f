import type { Values } from "@roadstream/shared";
import {
  EXIT_CODES,
  nodeZstd,
  runProcess,
  type ExitCode,
  type ProcessContext,
} from "@roadstream/shared/adapters";
import { openLake } from "../../adapters/open-lake.ts";
import { printRows } from "../../adapters/open-output.ts";
import { currentHeads } from "../../lake/current-heads.ts";
import { removeOrphans } from "../../lake/remove-orphans.ts";
import { ledgerPrefix, namedLedgers } from "../../ledger/named-ledgers.ts";
import { namedTables } from "../named-tables.ts";
import { ORPHANS_COMMAND } from "./config.ts";

const run = async (
  values: Values<typeof ORPHANS_COMMAND.options>,
  context: ProcessContext,
): Promise<ExitCode> => {
  const names = namedTables(context.positionals);
  await using lake = openLake(values, context);
  await currentHeads(lake);
  const tables: { table: string; objects: number; bytes: number }[] = [];
  for (const name of names) {
    if (context.signal.aborted) break;
    const report = await removeOrphans({
      table: lake.tables[name],
      mode: values.remove ? "remove" : "list",
      ledgers: {
        prefix: ledgerPrefix(name),
        named: (head) => namedLedgers({ store: lake.store, zstd: nodeZstd }, name, head),
      },
      ...(values.olderThan === null ? {} : { olderThan: values.olderThan }),
    });
    if (report !== null) tables.push({ ...report });
  }
  if (values.json) context.print(`${JSON.stringify({ ok: true, removed: values.remove, tables })}\n`);
  else {
    const objects = tables.reduce((sum, one) => sum + one.objects, 0);
    const bytes = tables.reduce((sum, one) => sum + one.bytes, 0);
    const found = `${objects} orphans of ${bytes} bytes`;
    const note = values.remove ? `${found} are gone.` : `${found}; --remove removes them.`;
    await printRows(
      tables.filter((one) => one.objects > 0),
      context.env,
      objects === 0 ? "No orphan is old enough." : note,
    );
  }
  return EXIT_CODES.done;
};

export const start = (argv: readonly string[]): Promise<never> =>
  runProcess({ stage: "cloud", command: ORPHANS_COMMAND, argv, main: run });
