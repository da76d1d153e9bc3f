import { join } from "node:path";
import { uuidV7, type Values } from "@roadstream/shared";
import {
  EXIT_CODES,
  nodeZstd,
  runProcess,
  type ExitCode,
  type ProcessContext,
} from "@roadstream/shared/adapters";
import { DEFAULT_DUCKDB, DuckDbEngine } from "../../adapters/duckdb-engine.ts";
import { duckDbPictureKeys } from "../../adapters/duckdb-picture-keys.ts";
import { openLake, type OpenedLake } from "../../adapters/open-lake.ts";
import { printRows } from "../../adapters/open-output.ts";
import { currentHeads } from "../../lake/current-heads.ts";
import { removeOrphans, type OrphanOptions } from "../../lake/remove-orphans.ts";
import { ledgerPrefix, namedLedgers } from "../../ledger/named-ledgers.ts";
import type { OrphanPictures } from "../../pictures/remove-orphan-pictures.ts";
import type { TextsOfFiles } from "../../ports.ts";
import { namedTables } from "../named-tables.ts";
import { ORPHANS_COMMAND } from "./config.ts";

/** Rows tell which pictures are named: they are asked by SQL. */
const pictureKeysOf = async (
  lake: OpenedLake,
  { clock, random }: ProcessContext,
  opened: AsyncDisposableStack,
): Promise<TextsOfFiles> => {
  const temporaryFolder = join(await lake.incoming(), `spill-${uuidV7(clock.now(), random)}`);
  return duckDbPictureKeys(
    opened.use(await DuckDbEngine.open({ ...DEFAULT_DUCKDB, temporaryFolder })),
    lake.store,
  );
};

const run = async (
  values: Values<typeof ORPHANS_COMMAND.options>,
  context: ProcessContext,
): Promise<ExitCode> => {
  const names = namedTables(context.positionals);
  await using lake = openLake(values, context);
  await currentHeads(lake);
  await using opened = new AsyncDisposableStack();
  const tables: { table: string; objects: number; bytes: number }[] = [];
  let pictures: OrphanPictures | null = null;
  for (const name of names) {
    if (context.signal.aborted) break;
    const options: OrphanOptions = {
      table: lake.tables[name],
      mode: values.remove ? "remove" : "list",
      ledgers: {
        prefix: ledgerPrefix(name),
        named: (head) => namedLedgers({ store: lake.store, zstd: nodeZstd }, name, head),
      },
      ...(name === "traffic_data" ? { pictureKeys: await pictureKeysOf(lake, context, opened) } : {}),
      ...(values.olderThan === null ? {} : { olderThan: values.olderThan }),
    };
    const report = await removeOrphans(options);
    if (report === null) continue;
    const { pictures: found = null, ...line } = report;
    tables.push(line);
    pictures ??= found;
  }
  if (values.json)
    context.print(`${JSON.stringify({ ok: true, removed: values.remove, tables, pictures })}\n`);
  else {
    const lines = pictures === null ? tables : [...tables, { table: "pictures", ...pictures }];
    const objects = lines.reduce((sum, one) => sum + one.objects, 0);
    const bytes = lines.reduce((sum, one) => sum + one.bytes, 0);
    const found = `${objects} orphans of ${bytes} bytes`;
    const note = values.remove ? `${found} are gone.` : `${found}; --remove removes them.`;
    await printRows(
      lines.filter((one) => one.objects > 0),
      context.env,
      objects === 0 ? "No orphan is old enough." : note,
    );
  }
  return EXIT_CODES.done;
};

export const start = (argv: readonly string[]): Promise<never> =>
  runProcess({ stage: "cloud", command: ORPHANS_COMMAND, argv, main: run });
