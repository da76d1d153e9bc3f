import { RoadstreamError, type Clock, type Logger, type Random, type TableName } from "@roadstream/shared";
import { openLakeTable, type IcebergTable } from "../lake/lake-table.ts";
import { TABLE_NAMES, tableDefinition } from "../lake/table-definition.ts";
import { isS3Spec, s3Settings } from "../object-store/s3-settings.ts";
import type { ObjectStore } from "../ports.ts";
import { FolderObjectStore, incomingFolder } from "./folder-object-store.ts";
import { LocalCopies, userCacheFolder } from "./local-copies.ts";
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

/** Opens the lake that a setting names: `file:DIR` or `s3://BUCKET/PREFIX`. Throws `usage` for another spelling. */
export const openLake = (spec: string, options: OpenLakeOptions): OpenedLake => {
  const isFolder = spec.startsWith(FILE) && spec.length > FILE.length;
  if (!isFolder && !isS3Spec(spec))
    throw new RoadstreamError("usage", `not a lake: ${spec}`, { hint: SPELLINGS });
  const { store, incoming } = isFolder ? openFolder(spec, options) : openS3(spec, options);
  const { clock, random, logger } = options;
  const table = (name: TableName): IcebergTable =>
    openLakeTable({ definition: tableDefinition(name), store, clock, random, logger });
  return {
    store,
    tables: Object.fromEntries(TABLE_NAMES.map((name) => [name, table(name)])) as Record<
      TableName,
      IcebergTable
    >,
    incoming,
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
};
