import { RoadstreamError, type Clock, type Logger, type Random, type TableName } from "@roadstream/shared";
import { FileCatalog } from "../lake/file-catalog.ts";
import { GlueCatalog } from "../lake/glue-catalog.ts";
import { openLakeTable, type IcebergTable } from "../lake/lake-table.ts";
import { moveToCatalog } from "../lake/move-to-catalog.ts";
import type { TableCatalog } from "../lake/stored-table.ts";
import { TABLE_NAMES, tableDefinition } from "../lake/table-definition.ts";
import { isS3Spec, s3Settings } from "../object-store/s3-settings.ts";
import type { ObjectStore } from "../ports.ts";
import { FolderObjectStore, incomingFolder } from "./folder-object-store.ts";
import { glueTablesOnUse } from "./glue-tables-on-use.ts";
import { LocalCopies, userCacheFolder } from "./local-copies.ts";
import { nodeSha256 } from "./node-sha256.ts";
import { S3ObjectStore } from "./s3-object-store.ts";

export interface OpenLakeOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Relative paths count from where the caller stands. */
  readonly path: (text: string) => string;
}

export interface OpenedLake extends AsyncDisposable {
  readonly store: ObjectStore;
  readonly tables: Readonly<Record<TableName, IcebergTable>>;
  /** Where files are built before they go into the store; on its own file system where it has one. */
  readonly incoming: () => Promise<string>;
  /** Hands all tables that the file catalog keeps over to this one; names those that it kept. */
  readonly handOver: () => Promise<readonly TableName[]>;
}

const FILE = "file:";
const SPELLINGS = "file:DIR or s3://BUCKET/PREFIX";

const openFolder = (spec: string, { path }: OpenLakeOptions): Pick<OpenedLake, "store" | "incoming"> => {
  const folder = path(spec.slice(FILE.length));
  return { store: new FolderObjectStore({ folder }), incoming: () => incomingFolder(folder) };
};

/** Asks nobody, and loads no client, before it is used. */
const openS3 = (spec: string, options: OpenLakeOptions): Pick<OpenedLake, "store" | "incoming"> => {
  const settings = s3Settings(spec, options.env);
  const { cacheFolder, cacheLimitBytes: limitBytes } = settings;
  const folder = cacheFolder === null ? userCacheFolder(options.env) : options.path(cacheFolder);
  const copies = new LocalCopies({ ...options, folder, limitBytes });
  const connect = async () => {
    const { SdkS3Requests } = await import("./sdk-s3-requests.ts");
    return new SdkS3Requests(settings);
  };
  const store = new S3ObjectStore({ ...options, settings, connect, copies });
  const incoming = async (): Promise<string> => {
    // Who will write wants to know before any work that the bucket is there.
    await store.check();
    return copies.incoming();
  };
  return { store, incoming };
};

const GLUE = "glue:";

/** Who keeps a table's newest version: null for the file catalog, which is the table's own default. */
const catalogOf = (
  catalog: string,
  store: ObjectStore,
  { clock, random, env }: OpenLakeOptions,
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
    const files = new FileCatalog({ store, table, clock, random });
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

export interface LakeChoice {
  /** `file:DIR` or `s3://BUCKET/PREFIX`. */
  readonly lake: string;
  /** `file` or `glue:DATABASE`. */
  readonly catalog: string;
}

/** Opens the lake that the settings name. Throws `usage` for another spelling. */
export const openLake = ({ lake: spec, catalog }: LakeChoice, options: OpenLakeOptions): OpenedLake => {
  const isFolder = spec.startsWith(FILE) && spec.length > FILE.length;
  if (!isFolder && !isS3Spec(spec))
    throw new RoadstreamError("usage", `not a lake: ${spec}`, { hint: SPELLINGS });
  const { store, incoming } = isFolder ? openFolder(spec, options) : openS3(spec, options);
  const { clock, random, logger } = options;
  const catalogFor = catalogOf(catalog, store, options);
  const table = (name: TableName): IcebergTable => {
    const owner = catalogFor(name);
    const common = { definition: tableDefinition(name), store, clock, random, logger };
    return openLakeTable(owner === null ? common : { ...common, catalog: owner });
  };
  return {
    store,
    tables: Object.fromEntries(TABLE_NAMES.map((name) => [name, table(name)])) as Record<
      TableName,
      IcebergTable
    >,
    incoming,
    handOver: () =>
      handOver(catalog, (name) =>
        openLakeTable({ definition: tableDefinition(name), store, clock, random, logger }),
      ),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
};
