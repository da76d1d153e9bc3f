import type { Values } from "@roadstream/shared";
import { EXIT_CODES, runProcess, type ExitCode, type ProcessContext } from "@roadstream/shared/adapters";
import { openLake } from "../../adapters/open-lake.ts";
import { printRows } from "../../adapters/open-output.ts";
import { currentHeads } from "../../lake/current-heads.ts";
import { expireTable, plannedExpiry } from "../../lake/expire-table.ts";
import { DEFAULT_RETENTION } from "../../lake/snapshot-expiry.ts";
import { namedTables } from "../named-tables.ts";
import { EXPIRE_COMMAND } from "./config.ts";

const run = async (
  values: Values<typeof EXPIRE_COMMAND.options>,
  context: ProcessContext,
): Promise<ExitCode> => {
  const names = namedTables(context.positionals);
  await using lake = openLake(values, context);
  const heads = await currentHeads(lake);
  const retention = {
    ...DEFAULT_RETENTION,
    minSnapshots: values.keep,
    maxSnapshots: Infinity,
    maxAgeMs: values.olderThan,
  };
  const tables: { table: string; snapshots: number; expired: number; objects_removed: number }[] = [];
  for (const name of names) {
    if (context.signal.aborted) break;
    const table = lake.tables[name];
    const report = values.dryRun
      ? { snapshots: (await plannedExpiry(table, retention)) ?? 0, objects: 0 }
      : await expireTable(table, retention);
    if (report === null) continue;
    const snapshots = heads[name]?.stored.metadata.snapshots.length ?? 0;
    tables.push({ table: name, snapshots, expired: report.snapshots, objects_removed: report.objects });
    context.logger.debug("expired", { table: name, snapshots: report.snapshots });
  }
  if (values.json) context.print(`${JSON.stringify({ ok: true, dry_run: values.dryRun, tables })}\n`);
  else {
    const expired = tables.reduce((sum, one) => sum + one.expired, 0);
    const note = values.dryRun ? `${expired} snapshots would go.` : `${expired} snapshots are gone.`;
    await printRows(
      tables.filter((one) => one.expired > 0),
      context.env,
      expired === 0 ? "No snapshot is old enough to go." : note,
    );
  }
  return EXIT_CODES.done;
};

export const start = (argv: readonly string[]): Promise<never> =>
  runProcess({ stage: "cloud", command: EXPIRE_COMMAND, argv, main: run });
