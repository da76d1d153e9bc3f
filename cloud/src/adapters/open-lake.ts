import { nodeSha256 } from "@roadstream/shared/adapters";
import { RoadstreamError, type TableName } from "@roadstream/shared";
import { evolveTable, type Evolution } from "../lake/evolve-table.ts";
import { FileCatalog } from "../lake/file-catalog.ts";
import { GlueCatalog } from "../lake/glue-catalog.ts";
import { openLakeTable, type IcebergTable } from "../lake/lake-table.ts";
import { moveToCatalog } from "../lake/move-to-catalog.ts";
import type { TableCatalog } from "../lake/stored-table.ts";
import { TABLE_NAMES, tableDefinition } from "../lake/table-definition.ts";
import type { ObjectStore } from "../ports.ts";
import { glueTablesOnUse } from "./glue-tables-on-use.ts";
import { openStore, type OpenedStore, type OpenStoreOptions } from "./open-store.ts";

export interface OpenedLake extends OpenedStore, AsyncDisposable {
  readonly tables: Readonly<Record<TableName, IcebergTable>>;
  /** Hands all tables that the file catalog keeps over to this one; names those that it kept. */
  readonly handOver: () => Promise<readonly TableName[]>;
  /** Brings tables that are behind the contract up to it; says which, and how. */
  readonly evolve: () => Promise<readonly EvolvedTable[]>;
}

interface EvolvedTable extends Evolution {
  readonly table: TableName;
}

const GLUE = "glue:";

/** Who keeps a table's newest version: null for the file catalog, which is the table's own default. */
const catalogOf = (
  catalog: string,
  store: ObjectStore,
  { env }: OpenStoreOptions,
): ((table: TableName) => TableCatalog | null) => {
  if (catalog === "file") return () => null;
  if (!catalog.startsWith(GLUE))
    throw new RoadstreamError("usage", `not a catalog: ${catalog}`, { hint: "file or glue:DATABASE" });
  const database = catalog.slice(GLUE.length);
  const region = env["AWS_REGION"] ?? null;
  const glue = glueTablesOnUse(database, async () => {
    const { SdkGlueTables } = await import("./sdk-glue-tables.ts");
    const tables = new SdkGlueTables({ database, region });
    await tables.checkDatabase();
    return tables;
  });
  return (table) => {
    const files = new FileCatalog({ store, table });
    return new GlueCatalog({ store, table, glue, files, sha256: nodeSha256 });
  };
};

const handOver = async (
  catalog: string,
  fileTable: (name: TableName) => IcebergTable,
): Promise<readonly TableName[]> => {
  if (catalog === "file")
    throw new RoadstreamError("usage", "nothing to hand tables over to", {
      hint: "give --catalog glue:DATABASE",
    });
  const moved: TableName[] = [];
  for (const name of TABLE_NAMES)
    if ((await moveToCatalog(fileTable(name), catalog)) === "moved") moved.push(name);
  return moved;
};

const evolve = async (tables: OpenedLake["tables"]): Promise<readonly EvolvedTable[]> => {
  const looks = TABLE_NAMES.map(async (table) => {
    const evolution = await evolveTable(tables[table]);
    return evolution === null ? [] : [{ table, ...evolution }];
  });
  return (await Promise.all(looks)).flat();
};

export interface LakeChoice {
  /** `file:DIR` or `s3://BUCKET/PREFIX`. */
  readonly lake: string;
  /** `file` or `glue:DATABASE`. */
  readonly catalog: string;
}

/** Opens the lake that the settings name. Throws `usage` for another spelling. */
export const openLake = ({ lake: spec, catalog }: LakeChoice, options: OpenStoreOptions): OpenedLake => {
  const { store, incoming } = openStore(spec, options);
  const { clock, random, logger } = options;
  const catalogFor = catalogOf(catalog, store, options);
  const table = (name: TableName): IcebergTable => {
    const owner = catalogFor(name);
    const common = { definition: tableDefinition(name), store, clock, random, logger };
    return openLakeTable(owner === null ? common : { ...common, catalog: owner });
  };
  const tables = Object.fromEntries(TABLE_NAMES.map((name) => [name, table(name)])) as Record<
    TableName,
    IcebergTable
  >;
  return {
    store,
    tables,
    incoming,
    evolve: () => evolve(tables),
    handOver: () =>
      handOver(catalog, (name) =>
        openLakeTable({ definition: tableDefinition(name), store, clock, random, logger }),
      ),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
};
