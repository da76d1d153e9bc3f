import { join } from "node:path";
import { RoadstreamError, uuidV7, type Values } from "@roadstream/shared";
import { EXIT_CODES, runProcess, type ExitCode, type ProcessContext } from "@roadstream/shared/adapters";
import { DEFAULT_DUCKDB, DuckDbEngine } from "../../adapters/duckdb-engine.ts";
import { duckDbPictureKeys } from "../../adapters/duckdb-picture-keys.ts";
import { openLake, type OpenedLake } from "../../adapters/open-lake.ts";
import { printRows } from "../../adapters/open-output.ts";
import { currentHeads } from "../../lake/current-heads.ts";
import { dropDays, pastDays, type DropReport } from "../../retain/drop-days.ts";
import { setRetainDays } from "../../retain/retention.ts";
import { namedTables } from "../named-tables.ts";
import { RETAIN_COMMAND } from "./config.ts";
import { retainLine, retainNote, type RetainedTable } from "./retain-report.ts";

type Drop = (name: RetainedTable["table"]) => Promise<DropReport>;

const dropper = async (
  lake: OpenedLake,
  { clock, random, signal }: ProcessContext,
  opened: AsyncDisposableStack,
): Promise<Drop> => {
  const temporaryFolder = join(await lake.incoming(), `spill-${uuidV7(clock.now(), random)}`);
  const engine = opened.use(await DuckDbEngine.open({ ...DEFAULT_DUCKDB, temporaryFolder }));
  const pictureKeys = duckDbPictureKeys(engine, lake.store);
  return (name) => dropDays({ table: lake.tables[name], pictureKeys, signal });
};

const run = async (
  values: Values<typeof RETAIN_COMMAND.options>,
  context: ProcessContext,
): Promise<ExitCode> => {
  const { days, apply } = values;
  if (days !== null && context.positionals.length === 0)
    throw new RoadstreamError("usage", "--days needs the names of the tables that it is for");
  const names = namedTables(context.positionals);
  await using lake = openLake(values, context);
  const heads = await currentHeads(lake);
  await using opened = new AsyncDisposableStack();
  const drop = apply ? await dropper(lake, context, opened) : null;
  const tables: RetainedTable[] = [];
  for (const name of names) {
    if (context.signal.aborted) break;
    const table = lake.tables[name];
    let head = heads[name];
    if (days !== null) head = await setRetainDays(table, days === "for_ever" ? null : days);
    if (head === null) continue;
    const past = await pastDays(table, head);
    tables.push({ table: name, head, past, dropped: drop === null ? null : await drop(name) });
  }
  const lines = tables.map(retainLine);
  if (values.json) context.print(`${JSON.stringify({ ok: true, tables: lines })}\n`);
  else await printRows(lines, context.env, retainNote(lines, apply));
  return EXIT_CODES.done;
};

export const start = (argv: readonly string[]): Promise<never> =>
  runProcess({ stage: "cloud", command: RETAIN_COMMAND, argv, main: run });
