import type { TableName } from "@roadstream/shared";
import type { IcebergTable } from "../lake/lake-table.ts";
import { TABLE_NAMES } from "../lake/table-definition.ts";
import type { TableHead } from "../ports.ts";
import { despiteOthers } from "../lake/despite-others.ts";
import { listPictures } from "./erase-pictures.ts";
import {
  ERASED_ELSEWHERE,
  MAY_STILL_COME,
  type ErasedPictures,
  type ErasedTable,
  type EraseReport,
} from "./erase-report.ts";
import { eraseRows, plannedErasure, type EraseContext } from "./erase-rows.ts";
import { lookAgain, type FoundAgain } from "./look-again.ts";
import { sweepTable, type SweptTable } from "./sweep-table.ts";

export interface EraseVehicleOptions extends Omit<EraseContext, "table" | "clean"> {
  readonly tables: Readonly<Record<TableName, IcebergTable>>;
  /** `look` only says what `erase` would erase. */
  readonly mode: "look" | "erase";
}

interface Erasure {
  readonly table: ErasedTable;
  readonly pictures: ErasedPictures;
}

/** Who goes on putting objects for so many looks is told of instead. */
const MAX_LOOKS = 5;

/**
 * Takes a vehicle out of the lake, table by table: rows and ledgers, then what held them, then its pictures; and looks
 * again. Killed at any moment, it is finished by being run again: each step finds what it has to do in the lake itself.
 */
export const eraseVehicle = async (options: EraseVehicleOptions): Promise<EraseReport> => {
  const { vehicle, mode, signal } = options;
  const tables: ErasedTable[] = [];
  const pictures = { deleted: 0, remaining: 0 };
  const clean = new Set<string>();
  for (const name of TABLE_NAMES) {
    const context: EraseContext = { ...options, table: options.tables[name], clean };
    const head = await context.table.peek();
    if (head === null || signal.aborted) continue;
    const erasure = mode === "look" ? await lookAt(context, head) : await eraseTable(context);
    tables.push(erasure.table);
    pictures.deleted += erasure.pictures.deleted;
    pictures.remaining += erasure.pictures.remaining;
  }
  if (mode === "erase") await options.tables.gps_data.store.dropCopies(clean);
  const rest = tables.reduce(
    (sum, { remaining }) => sum + remaining.rows + remaining.ledgers + remaining.objects,
    pictures.remaining,
  );
  return {
    ok: !signal.aborted && rest === 0,
    dry_run: mode === "look",
    vehicle_id: vehicle,
    tables,
    pictures,
    may_still_come: mode === "look" ? [] : MAY_STILL_COME,
    not_erased_here: ERASED_ELSEWHERE,
  };
};

const lookAt = async (context: EraseContext, head: TableHead): Promise<Erasure> => {
  const { name } = context.table.definition;
  const { rows, series, filesRewritten, filesDropped } = await plannedErasure(context, head);
  const pictures = (await listPictures(context)).length;
  return {
    table: {
      table: name,
      rows,
      files_rewritten: filesRewritten,
      files_dropped: filesDropped,
      series,
      snapshots_expired: 0,
      objects_deleted: 0,
      remaining: { rows: 0, ledgers: 0, objects: 0 },
    },
    pictures: { deleted: pictures, remaining: 0 },
  };
};

/**
 * Rows, ledgers and what held them; then all is looked through until nothing is found. What is found was put after the
 * sweep before had listed; the next one lists it, and its fence says whether it may still land.
 */
export const eraseTable = async (context: EraseContext): Promise<Erasure> => {
  const { table, signal } = context;
  const { rows, series, filesRewritten, filesDropped } = await eraseRows(context);
  const swept = { snapshotsExpired: 0, objectsDeleted: 0, picturesDeleted: 0 };
  let found: FoundAgain;
  let looks = 0;
  do {
    add(swept, await despiteOthers(table, () => sweepTable(context)));
    found = await despiteOthers(table, () => lookAgain(context));
    looks += 1;
  } while (looseObjects(found) + found.loose.pictures.length > 0 && looks < MAX_LOOKS && !signal.aborted);
  return {
    table: {
      table: table.definition.name,
      rows,
      files_rewritten: filesRewritten,
      files_dropped: filesDropped,
      series,
      snapshots_expired: swept.snapshotsExpired,
      objects_deleted: swept.objectsDeleted,
      remaining: { rows: found.rows, ledgers: found.ledgers, objects: found.kept + looseObjects(found) },
    },
    pictures: { deleted: swept.picturesDeleted, remaining: found.loose.pictures.length },
  };
};

const add = (sum: { -readonly [K in keyof SweptTable]: number }, one: SweptTable): void => {
  sum.snapshotsExpired += one.snapshotsExpired;
  sum.objectsDeleted += one.objectsDeleted;
  sum.picturesDeleted += one.picturesDeleted;
};

/** Without pictures, which are counted by themselves. */
const looseObjects = ({ loose }: FoundAgain): number =>
  Object.values(loose).flat().length - loose.pictures.length;
