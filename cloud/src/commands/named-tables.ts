import { RoadstreamError, type TableName } from "@roadstream/shared";
import { TABLE_NAMES } from "../lake/table-definition.ts";

/** The tables that arguments name; all of them when none is named. Throws `usage` for another name. */
export const namedTables = (names: readonly string[]): readonly TableName[] => {
  const unknown = names.filter((name) => !TABLE_NAMES.some((table) => table === name));
  if (unknown.length > 0)
    throw new RoadstreamError("usage", `no table ${unknown.join(", ")}`, {
      hint: `There are ${TABLE_NAMES.join(", ")}.`,
    });
  return names.length === 0 ? TABLE_NAMES : TABLE_NAMES.filter((table) => names.includes(table));
};
