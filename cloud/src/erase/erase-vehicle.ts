import type { TableName } from "@roadstream/shared";
import type { IcebergTable } from "../lake/lake-table.ts";
import { TABLE_NAMES } from "../lake/table-definition.ts";
import type { TableHead } from "../ports.ts";
import { despiteOthers } from "./despite-others.ts";
import { erasePictures, listPictures, type ErasedPictures } from "./erase-pictures.ts";
import { ERASED_ELSEWHERE, type ErasedTable, type EraseReport } from "./erase-report.ts";
import { eraseRows, filesHolding, plannedErasure, type EraseContext } from "./erase-rows.ts";
import { sweepTable, type SweptTable } from "./sweep-table.ts";
import { dataHolding, listObjects, namedKeys } from "./table-objects.ts";

export interface EraseVehicleOptions extends Omit<EraseContext, "table" | "clean"> {
  readonly tables: Readonly<Record<TableName, IcebergTable>>;
  /** `look` only says what `erase` would erase. */
  readonly mode: "look" | "erase";
}

interface Erasure {
  readonly table: ErasedTable;
  readonly pictures: ErasedPictures;
}

const PICTURES: TableName = "traffic_data";
const NO_PICTURES: ErasedPictures = { deleted: 0, remaining: 0 };

/**
 * Takes a vehicle out of the lake, table by table: rows and ledgers, then what held them, then its pictures; and looks
 * again. Killed at any moment, it is finished by being run again: each step finds what it has to do in the lake itself.
 */
export const eraseVehicle = async (options: EraseVehicleOptions): Promise<EraseReport> => {
  const { vehicle, mode, signal } = options;
  const tables: ErasedTable[] = [];
  let pictures = NO_PICTURES;
  for (const name of TABLE_NAMES) {
    const context: EraseContext = { ...options, table: options.tables[name], clean: new Set() };
    const head = await context.table.peek();
    if (head === null || signal.aborted) continue;
    const erasure = mode === "look" ? await lookAt(context, head) : await eraseWithPictures(context);
    tables.push(erasure.table);
    if (name === PICTURES) pictures = erasure.pictures;
  }
  const rest = tables.reduce(
    (sum, { remaining }) => sum + remaining.rows + remaining.objects,
    pictures.remaining,
  );
  return {
    ok: !signal.aborted && rest === 0,
    dry_run: mode === "look",
    vehicle_id: vehicle,
    tables,
    pictures,
    not_erased_here: ERASED_ELSEWHERE,
  };
};

const lookAt = async (context: EraseContext, head: TableHead): Promise<Erasure> => {
  const { name } = context.table.definition;
  const { rows, series, filesRewritten, filesDropped } = await plannedErasure(context, head);
  const pictures = name === PICTURES ? (await listPictures(context)).length : 0;
  return {
    table: {
      table: name,
      rows,
      files_rewritten: filesRewritten,
      files_dropped: filesDropped,
      series,
      snapshots_expired: 0,
      objects_deleted: 0,
      remaining: { rows: 0, objects: 0 },
    },
    pictures: { deleted: pictures, remaining: 0 },
  };
};

const eraseWithPictures = async (context: EraseContext): Promise<Erasure> => {
  if (context.table.definition.name !== PICTURES)
    return { table: await eraseTable(context), pictures: NO_PICTURES };
  let listed: readonly string[] = [];
  const table = await eraseTable(context, async () => {
    listed = await listPictures(context);
  });
  return { table, pictures: await erasePictures(context, listed, await context.table.head()) };
};

/** Rows, ledgers and what held them; `beforeFence` is done when the rows are gone, and work begun by then is void. */
export const eraseTable = async (
  context: EraseContext,
  beforeFence: () => Promise<void> = () => Promise.resolve(),
): Promise<ErasedTable> => {
  const { table } = context;
  const { rows, series, filesRewritten, filesDropped } = await eraseRows(context);
  await beforeFence();
  const swept = await despiteOthers(table, async () => sweepTable(context, await table.head()));
  return {
    table: table.definition.name,
    rows,
    files_rewritten: filesRewritten,
    files_dropped: filesDropped,
    series,
    snapshots_expired: swept.snapshotsExpired,
    objects_deleted: swept.objectsDeleted,
    remaining: await despiteOthers(table, () => lookAgain(context, swept)),
  };
};

/** The table as anybody finds it now, and the store. */
const lookAgain = async (context: EraseContext, swept: SweptTable): Promise<ErasedTable["remaining"]> => {
  const { table } = context;
  const head = await table.head();
  const live = await filesHolding(context, head);
  const named = await namedKeys(context, head);
  const listed = await listObjects(table);
  const isLive = new Set(live.map(({ file }) => file.key));
  const kept = await dataHolding(
    context,
    listed.data.filter((key) => named.has(key) && !isLive.has(key)),
  );
  const there = new Set(Object.values(listed).flat());
  const stubborn = swept.deleted.filter((key) => there.has(key));
  return { rows: live.reduce((sum, { rows }) => sum + rows, 0), objects: kept.length + stubborn.length };
};
