import type { Column, TableName } from "@roadstream/shared";
import { TABLE_NAMES, tableDefinition } from "../lake/table-definition.ts";
import type { WarehouseColumn, WarehouseTable } from "./warehouse-table.ts";

const warehouseColumn = ({ name, type, doc, unit, nullable, maxLength }: Column): WarehouseColumn => ({
  name,
  type,
  comment: unit === null ? doc : `${doc} Unit: ${unit}.`,
  nullable,
  maxLength: type === "string" || type === "bytes" ? maxLength : null,
});

/** The warehouse's copy of a table of the lake. A stream's rows lie by vehicle, so that joins of streams stay on one node. */
const copyOf = (name: TableName): WarehouseTable => {
  const { doc, columns, dayOf } = tableDefinition(name);
  const isStream = name !== "dead_letters";
  return {
    name,
    comment: doc,
    columns: columns.map(warehouseColumn),
    identity: isStream ? ["vehicle_id", "boot_id", "seq"] : ["dead_letter_id"],
    sortKey: [dayOf],
    distKey: isStream ? "vehicle_id" : "dead_letter_id",
  };
};

/** The lake's tables as the warehouse has them. */
export const STREAM_TABLES = Object.fromEntries(TABLE_NAMES.map((name) => [name, copyOf(name)])) as Readonly<
  Record<TableName, WarehouseTable>
>;
