import { RoadstreamError } from "@roadstream/shared";
import type { LoadCursor, LoadedDay } from "./load-plan.ts";
import { LOADED_DAYS, LOADS } from "./own-tables.ts";
import type { Warehouse } from "./ports.ts";
import { literal, quoted } from "./sql-text.ts";

const whole = (text: string | null | undefined): number => {
  const value = Number(text ?? Number.NaN);
  if (!Number.isSafeInteger(value))
    throw new RoadstreamError("table_invalid", `${LOADS.name}: not a number: ${text}`);
  return value;
};

/** Where each table's next load begins, by its name. */
export const readCursors = async (warehouse: Warehouse): Promise<ReadonlyMap<string, LoadCursor>> => {
  const newest = `ROW_NUMBER() OVER (PARTITION BY "table_name" ORDER BY "load_number" DESC)`;
  const rows = await warehouse.query(
    `SELECT "table_name", "load_number", "table_uuid", "snapshot_id", "sequence_number" FROM (SELECT *, ${newest} AS "place" FROM ${quoted(LOADS.name)}) AS "loads" WHERE "place" = 1`,
  );
  return new Map(
    rows.map(([table, load, uuid, snapshot, sequence]) => [
      table ?? "",
      {
        loadNumber: whole(load),
        tableUuid: uuid ?? "",
        snapshotId: typeof snapshot === "string" ? BigInt(snapshot) : null,
        sequence: whole(sequence),
      },
    ]),
  );
};

/** What the warehouse knows of each day of the lake's table. */
export const readLoadedDays = async (
  warehouse: Warehouse,
  table: string,
): Promise<ReadonlyMap<string, LoadedDay>> => {
  const rows = await warehouse.query(
    `SELECT CAST("day" AS VARCHAR(10)), SUM("lake_rows"), MAX("sequence_number") FROM ${quoted(LOADED_DAYS.name)} WHERE "table_name" = ${literal(table)} GROUP BY "day"`,
  );
  return new Map(
    rows.map(([day, count, sequence]) => [day ?? "", { rows: whole(count), sequence: whole(sequence) }]),
  );
};
