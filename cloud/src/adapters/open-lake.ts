import { RoadstreamError, type Clock, type Logger, type Random, type TableName } from "@roadstream/shared";
import { openLakeTable, type IcebergTable } from "../lake/lake-table.ts";
import { TABLE_NAMES, tableDefinition } from "../lake/table-definition.ts";
import type { ObjectStore } from "../ports.ts";
import { FolderObjectStore, incomingFolder } from "./folder-object-store.ts";

export interface OpenLakeOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Relative paths count from where the caller stands. */
  readonly path: (text: string) => string;
}

export interface OpenedLake extends AsyncDisposable {
  readonly store: ObjectStore;
  readonly tables: Readonly<Record<TableName, IcebergTable>>;
  /** Where files are built before they move into the store; on its own file system where it has one. */
  readonly incoming: () => Promise<string>;
}

const FILE = "file:";

/** Opens the lake that a setting names: `file:DIR`. Throws `usage` for another spelling. */
export const openLake = (spec: string, options: OpenLakeOptions): OpenedLake => {
  if (!spec.startsWith(FILE) || spec.length === FILE.length) {
    throw new RoadstreamError("usage", `not a lake: ${spec}`, { hint: "file:DIR" });
  }
  const { clock, random, logger } = options;
  const folder = options.path(spec.slice(FILE.length));
  const store = new FolderObjectStore({ folder });
  const table = (name: TableName): IcebergTable =>
    openLakeTable({ definition: tableDefinition(name), store, clock, random, logger });
  return {
    store,
    tables: Object.fromEntries(TABLE_NAMES.map((name) => [name, table(name)])) as Record<
      TableName,
      IcebergTable
    >,
    incoming: () => incomingFolder(folder),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
};
