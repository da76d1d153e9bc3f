import { RoadstreamError, type TableName } from "@roadstream/shared";
import type { LakeTable, ObjectStore, TableHead } from "../ports.ts";
import { TABLE_NAMES } from "./table-definition.ts";

interface Lake {
  readonly store: ObjectStore;
  readonly tables: Readonly<Record<TableName, LakeTable>>;
}

export type CurrentHeads = Readonly<Record<TableName, TableHead | null>>;

/** Every table as it stands, null where there is none yet. Throws `usage` where there is no table at all: no lake. */
export const currentHeads = async ({ store, tables }: Lake): Promise<CurrentHeads> => {
  const heads = await Promise.all(
    TABLE_NAMES.map(async (name) => [name, await tables[name].peek()] as const),
  );
  if (heads.every(([, head]) => head === null)) {
    throw new RoadstreamError("usage", `there is no lake at ${store.root}: none of its tables exists`, {
      hint: "Is the path right? roadstream cloud run makes the tables when it starts.",
    });
  }
  return Object.fromEntries(heads) as Record<TableName, TableHead | null>;
};
