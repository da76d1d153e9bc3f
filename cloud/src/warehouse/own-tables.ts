import type { WarehouseColumn, WarehouseTable } from "./warehouse-table.ts";

const column = (
  name: string,
  type: WarehouseColumn["type"],
  comment: string,
  more: Partial<WarehouseColumn> = {},
): WarehouseColumn => ({
  name,
  type,
  comment,
  nullable: false,
  maxLength: type === "string" ? 64 : null,
  ...more,
});

/** One row per load of one table; the newest of a table is where its next load begins. */
export const LOADS: WarehouseTable = {
  name: "roadstream_loads",
  comment:
    "What was loaded from the lake, and up to where. Written by roadstream cloud load; locked while it loads.",
  columns: [
    column("table_name", "string", "The table."),
    column("load_number", "int64", "Counts the table's loads from 1."),
    column("table_uuid", "string", "The Iceberg table that it was loaded from."),
    // Text, because 63 bits are more than a number of JSON holds.
    column(
      "snapshot_id",
      "string",
      "Everything up to this snapshot of main is in the warehouse; null before the first, and while a load of several steps is under way.",
      {
        nullable: true,
      },
    ),
    column("sequence_number", "int64", "Of that snapshot; 0 before the first."),
    column("mode", "string", "append: new files of snapshots; reconcile: whole days, compared by identity."),
    column("files", "int64", "Data files read."),
    column("file_rows", "int64", "Rows in them."),
    column("loaded_at", "timestamp", "By the loader's clock."),
  ],
  identity: ["table_name", "load_number"],
  sortKey: ["table_name", "load_number"],
  distKey: null,
};

/** How many rows the lake holds of each day, as a sum over loads: how a later loader finds days that lost rows. */
export const LOADED_DAYS: WarehouseTable = {
  name: "roadstream_loaded_days",
  comment: "What each load changed of each UTC day: the sum over a table's loads is what the lake held.",
  columns: [
    column("table_name", "string", "The table."),
    column("load_number", "int64", "The load."),
    column("day", "date", "The UTC day of event_at; of received_at in dead_letters."),
    column("sequence_number", "int64", "Up to which snapshot of the lake the day is complete."),
    column("lake_rows", "int64", "Rows that came to the lake's day, less those that went."),
  ],
  identity: ["table_name", "load_number", "day"],
  sortKey: ["table_name", "day"],
  distKey: null,
};

/** What facts have yet to be computed anew for: filled by the transaction that changed the rows, emptied by that of the facts. */
export const TOUCHED: WarehouseTable = {
  name: "roadstream_touched",
  comment:
    "Vehicles and days whose rows changed since the facts were last computed; a pair may stand here more than once.",
  columns: [
    column("vehicle_id", "string", "The vehicle."),
    column("day", "date", "The UTC day of event_at, or that on which facts of the rows stood."),
  ],
  identity: ["vehicle_id", "day"],
  sortKey: ["day"],
  distKey: "vehicle_id",
};

/** What the loader keeps for itself. */
export const OWN_TABLES: readonly WarehouseTable[] = [LOADS, LOADED_DAYS, TOUCHED];
