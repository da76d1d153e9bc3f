import { join } from "node:path";
import { days, unixMillis, utcDay, uuidV7, type Values } from "@roadstream/shared";
import { EXIT_CODES, runProcess, type ExitCode, type ProcessContext } from "@roadstream/shared/adapters";
import { DEFAULT_DUCKDB, DuckDbEngine } from "../../adapters/duckdb-engine.ts";
import { DuckDbParquetWriter } from "../../adapters/duckdb-parquet.ts";
import { duckDbRewriteDay } from "../../adapters/duckdb-rewrite-day.ts";
import { openLake, type OpenedLake } from "../../adapters/open-lake.ts";
import { printRows } from "../../adapters/open-output.ts";
import { compactTable, plannedCompaction } from "../../lake/compact-table.ts";
import { currentHeads } from "../../lake/current-heads.ts";
import type { IcebergTable } from "../../lake/lake-table.ts";
import { namedTables } from "../named-tables.ts";
import { COMPACT_COMMAND } from "./config.ts";
import { compactionLine, plannedLine, type CompactionLine } from "./compaction-report.ts";

/** Compacts one table after the other. */
const compactor = async (
  lake: OpenedLake,
  { clock, random, logger, signal }: ProcessContext,
  opened: AsyncDisposableStack,
): Promise<(table: IcebergTable, before: string) => Promise<CompactionLine>> => {
  const folder = await lake.incoming();
  const temporaryFolder = join(folder, `spill-${uuidV7(clock.now(), random)}`);
  const engine = opened.use(await DuckDbEngine.open({ ...DEFAULT_DUCKDB, temporaryFolder }));
  const { store } = lake;
  const writer = new DuckDbParquetWriter({ store, clock, random, folder });
  return async (table, before) => {
    const { definition } = table;
    const report = await compactTable({
      table,
      before,
      signal,
      rewrite: duckDbRewriteDay({ engine, writer, store, definition }),
      onCompacted: ({ day, files }) =>
        logger.info("compacted", { table: definition.name, day, files: files.length }),
    });
    for (const { day, reason } of report.skipped)
      logger.warn("not_compacted", { table: definition.name, day, reason });
    return compactionLine(report);
  };
};

const run = async (
  values: Values<typeof COMPACT_COMMAND.options>,
  context: ProcessContext,
): Promise<ExitCode> => {
  const names = namedTables(context.positionals);
  await using lake = openLake(values, context);
  await currentHeads(lake);
  await using opened = new AsyncDisposableStack();
  const before = utcDay(unixMillis((await lake.store.now()) + (values.today ? days(1) : 0)));
  const compact = values.dryRun
    ? async (table: IcebergTable) =>
        plannedLine(table.definition.name, await plannedCompaction({ table, before }))
    : await compactor(lake, context, opened);
  const tables: CompactionLine[] = [];
  for (const name of names) {
    if (context.signal.aborted) break;
    tables.push(await compact(lake.tables[name], before));
  }
  if (values.json) context.print(`${JSON.stringify({ ok: true, dry_run: values.dryRun, tables })}\n`);
  else {
    const files = tables.reduce((sum, line) => sum + line.files_before, 0);
    const note = `${files} files ${values.dryRun ? "would be" : "were"} rewritten.`;
    await printRows(
      tables.filter((line) => line.files_before + line.skipped > 0),
      context.env,
      files === 0 ? `Nothing to compact before ${before}.` : note,
    );
  }
  return EXIT_CODES.done;
};

export const start = (argv: readonly string[]): Promise<never> =>
  runProcess({ stage: "cloud", command: COMPACT_COMMAND, argv, main: run });
