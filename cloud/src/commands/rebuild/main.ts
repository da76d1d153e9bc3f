import { join } from "node:path";
import { uuidV7, type Values } from "@roadstream/shared";
import {
  EXIT_CODES,
  nodeSha256,
  nodeZstd,
  runProcess,
  type ExitCode,
  type ProcessContext,
} from "@roadstream/shared/adapters";
import { DEFAULT_DUCKDB, DuckDbEngine } from "../../adapters/duckdb-engine.ts";
import { DuckDbLakeRows } from "../../adapters/duckdb-lake-rows.ts";
import { DuckDbLedgerRows } from "../../adapters/duckdb-ledger-rows.ts";
import { openLake } from "../../adapters/open-lake.ts";
import { printRows } from "../../adapters/open-output.ts";
import { currentHeads } from "../../lake/current-heads.ts";
import { rebuildLedgers, type RebuildReport } from "../../rebuild/rebuild-ledgers.ts";
import { namedTables } from "../named-tables.ts";
import { REBUILD_COMMAND } from "./config.ts";

const noteOf = (table: string, { partitions, removedRows }: RebuildReport, dryRun: boolean): string => {
  const count = partitions.length;
  if (count === 0) return `${table}: every ledger can be read and adds up; nothing to rebuild.`;
  const note = `${table}: ledgers ${dryRun ? "to rebuild" : "rebuilt"}: ${count}.`;
  if (removedRows === 0) return note;
  return `${note} Retention or other engines removed ${removedRows} rows of the table: sent again, these may land again.`;
};

const run = async (
  values: Values<typeof REBUILD_COMMAND.options>,
  context: ProcessContext,
): Promise<ExitCode> => {
  const names = namedTables(context.positionals);
  await using lake = openLake(values, context);
  await currentHeads(lake);
  const { clock, random } = context;
  const temporaryFolder = join(await lake.incoming(), `spill-${uuidV7(clock.now(), random)}`);
  await using engine = await DuckDbEngine.open({ ...DEFAULT_DUCKDB, temporaryFolder });
  const { store } = lake;
  for (const name of names) {
    const report = await rebuildLedgers({
      table: lake.tables[name],
      rows: new DuckDbLakeRows({ engine, store }),
      ledgerRows: new DuckDbLedgerRows({ engine, store }),
      zstd: nodeZstd,
      sha256: nodeSha256,
      mode: values.dryRun ? "look" : "write",
    });
    const { partitions, removedRows } = report;
    const said = { ok: true, dry_run: values.dryRun, table: name, partitions, removed_rows: removedRows };
    if (values.json) context.print(`${JSON.stringify(said)}\n`);
    else await printRows(partitions, context.env, noteOf(name, report, values.dryRun));
  }
  return EXIT_CODES.done;
};

export const start = (argv: readonly string[]): Promise<never> =>
  runProcess({ stage: "cloud", command: REBUILD_COMMAND, argv, main: run });
