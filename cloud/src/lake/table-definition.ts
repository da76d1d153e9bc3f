import { DEAD_LETTERS_COLUMNS, STREAMS, STREAM_NAMES, type TableName } from "@roadstream/shared";
import type { TableDefinition } from "../ports.ts";

/** Every table of the lake, in the order in which people list them. */
export const TABLE_NAMES: readonly TableName[] = [...STREAM_NAMES, "dead_letters"];

/** What the lake keeps of a stream, or of the dead letters: the contract's columns that are stored. */
export const tableDefinition = (name: TableName): TableDefinition => {
  if (name === "dead_letters") {
    return {
      name,
      doc: "What was refused, with its reason and its bytes.",
      columns: DEAD_LETTERS_COLUMNS,
      dayOf: "received_at",
      sortedBy: ["reason", "received_at"],
    };
  }
  const stream = STREAMS[name];
  return {
    name,
    doc: stream.doc,
    columns: stream.columns.filter((column) => column.inLake),
    dayOf: "event_at",
    sortedBy: ["vehicle_id", "event_at"],
  };
};
