import { errorText, isRoadstreamError, retryIntervals, type TableName } from "@roadstream/shared";
import { currentSchema, type TableMetadata } from "../lake/table-metadata.ts";
import type { IcebergTable } from "../lake/lake-table.ts";
import type { LoadContext } from "./load-context.ts";
import type { LoadFile } from "./load-file.ts";
import { readCursors, readLoadedDays } from "./load-ledger.ts";
import { planLoad, type LoadCursor, type LoadMode, type LoadPlan } from "./load-plan.ts";
import { loadStatements, type LoadedUpTo, type StagedSchema } from "./load-statements.ts";
import { STREAM_TABLES } from "./stream-tables.ts";
import { AGAIN_SCHEDULE } from "./try-again.ts";

export interface TableLoad {
  readonly table: TableName;
  readonly mode: LoadMode | "current";
  readonly files: number;
  readonly rows: number;
  /** Days that were compared whole. */
  readonly days: number;
  /** How often another loader came first. */
  readonly conflicts: number;
}

/** Nothing to do. */
const current = (table: TableName, conflicts: number): TableLoad => ({
  table,
  mode: "current",
  files: 0,
  rows: 0,
  days: 0,
  conflicts,
});

/** Another loader that wins has done the work, so that there is less of it each time. */
const MAX_CONFLICTS = 20;
const MAX_FAILURES = 3;

const bySchema = (files: readonly LoadFile[]): ReadonlyMap<number, readonly LoadFile[]> => {
  const groups = new Map<number, LoadFile[]>();
  for (const file of files) groups.set(file.schemaId, [...(groups.get(file.schemaId) ?? []), file]);
  return groups;
};

/** The columns of one of the table's schemas, in the order in which files of it have them. */
const columnsOf = (table: IcebergTable, metadata: TableMetadata, schemaId: number): readonly string[] => {
  const schema = metadata.schemas.find((one) => one["schema-id"] === schemaId) ?? currentSchema(metadata);
  const ids = new Set(schema.fields.map(({ id }) => id));
  return table.definition.columns.filter(({ id }) => ids.has(id)).map(({ name }) => name);
};

const stageFiles = async (
  context: LoadContext,
  table: IcebergTable,
  { metadata, files }: { readonly metadata: TableMetadata; readonly files: readonly LoadFile[] },
  opened: AsyncDisposableStack,
): Promise<readonly StagedSchema[]> => {
  const { definition } = table;
  const copy = STREAM_TABLES[definition.name];
  const staged: StagedSchema[] = [];
  for (const [schemaId, group] of bySchema(files)) {
    const columns = columnsOf(table, metadata, schemaId);
    const name = `staging_${definition.name}_v${schemaId}`;
    const { statement } = opened.use(
      await context.warehouse.stage({ table: name, definition, columns, files: group }),
    );
    staged.push({ name, columns: copy.columns.filter((one) => columns.includes(one.name)), fill: statement });
  }
  return staged;
};

interface StepAt {
  readonly plan: LoadPlan;
  readonly at: number;
  readonly cursor: LoadCursor | null;
  readonly metadata: TableMetadata;
}

/**
 * What the ledger says after this step: only the last one has loaded everything up to the plan's snapshot. After the others no
 * snapshot says what is there, but each day does.
 */
const upTo = ({ plan, at, cursor }: StepAt): LoadedUpTo => {
  const loadNumber = (cursor?.loadNumber ?? 0) + 1;
  const { tableUuid } = plan;
  return at === plan.steps.length - 1
    ? { loadNumber, tableUuid, snapshotId: plan.snapshotId, sequence: plan.sequence }
    : { loadNumber, tableUuid, snapshotId: null, sequence: cursor?.sequence ?? 0 };
};

const runStep = async (context: LoadContext, table: IcebergTable, one: StepAt): Promise<LoadCursor> => {
  const { warehouse, clock, factSources } = context;
  const { plan, at, cursor, metadata } = one;
  const step = plan.steps[at] ?? { files: [], wholeDays: [], days: new Map() };
  const { name } = table.definition;
  await using opened = new AsyncDisposableStack();
  const after = upTo(one);
  const statements = loadStatements({
    dialect: warehouse.dialect,
    table: STREAM_TABLES[name],
    mode: plan.mode,
    step,
    staged: await stageFiles(context, table, { metadata, files: step.files }, opened),
    before: cursor?.loadNumber ?? 0,
    after,
    daysSequence: plan.sequence,
    loadedAt: clock.now(),
    factRows: factSources[name],
  });
  await warehouse.transact(statements);
  return after;
};

/** Loads a plan step by step; the cursor after each of them. */
const runPlan = async (
  context: LoadContext,
  table: IcebergTable,
  plan: LoadPlan,
  options: Pick<StepAt, "cursor" | "metadata">,
): Promise<LoadCursor | null> => {
  let { cursor } = options;
  for (const at of plan.steps.keys()) {
    context.signal.throwIfAborted();
    cursor = await runStep(context, table, { plan, at, cursor, metadata: options.metadata });
    const step = plan.steps[at];
    context.onStep?.({
      table: table.definition.name,
      step: at + 1,
      steps: plan.steps.length,
      files: step?.files.length ?? 0,
      rows: sumRows(step?.files ?? []),
    });
  }
  return cursor;
};

const sumRows = (files: readonly LoadFile[]): number => files.reduce((sum, file) => sum + file.rows, 0);

const done = (table: TableName, { mode, steps }: LoadPlan, conflicts: number): TableLoad => {
  const files = steps.flatMap((step) => step.files);
  const days = steps.reduce((sum, step) => sum + step.wholeDays.length, 0);
  return { table, mode, files: files.length, rows: sumRows(files), days, conflicts };
};

/** What a failed transaction leaves behind: where the table stands now, if somebody moved it. */
const movedTo = async (
  { warehouse }: LoadContext,
  name: TableName,
  cursor: LoadCursor | null,
): Promise<LoadCursor | null> => {
  const now = (await readCursors(warehouse)).get(name) ?? null;
  return now === null || now.loadNumber === cursor?.loadNumber ? null : now;
};

/**
 * Brings the warehouse's copy of a table up to the lake's head. A transaction that failed has changed nothing; when the
 * cursor then stands elsewhere, another loader came first, or this one's own transaction was done after all: it goes on
 * from there. Otherwise it plans anew, a few times: what was in the way (a lock, a file that was compacted away) may be gone.
 */
export const loadTable = async (context: LoadContext, name: TableName): Promise<TableLoad> => {
  const { warehouse, tables, cursors, clock, random, logger, signal, stepLimits } = context;
  const table = tables[name];
  const waits = retryIntervals(AGAIN_SCHEDULE, random);
  let conflicts = 0;
  let failures = 0;
  for (;;) {
    const head = await table.peek();
    const cursor = cursors.get(name) ?? null;
    const loadedDays = () => readLoadedDays(warehouse, name);
    const plan = head === null ? null : await planLoad({ table, head, cursor, loadedDays, stepLimits });
    if (plan === null || head === null) return current(name, conflicts);
    try {
      const after = await runPlan(context, table, plan, { cursor, metadata: head.stored.metadata });
      if (after !== null) cursors.set(name, after);
      return done(name, plan, conflicts);
    } catch (error) {
      if (!isRoadstreamError(error) || error.code === "usage" || signal.aborted) throw error;
      const moved = await movedTo(context, name, cursor);
      if (moved === null) {
        failures += 1;
        if (failures === MAX_FAILURES) throw error;
        logger.warn("load_failed", { table: name, error: errorText(error) });
        await clock.sleep(waits.next().value, signal);
      } else {
        conflicts += 1;
        if (conflicts === MAX_CONFLICTS) throw error;
        cursors.set(name, moved);
      }
    }
  }
};
