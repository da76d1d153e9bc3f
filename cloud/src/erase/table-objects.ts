import { reachableKeys } from "../lake/reachable-keys.ts";
import { ledgerPrefix, namedLedgers } from "../ledger/named-ledgers.ts";
import type { TableHead } from "../ports.ts";
import { listPictures, namedPictures } from "./erase-pictures.ts";
import type { EraseContext } from "./erase-rows.ts";

/** What a table has in the store that may hold a vehicle's rows or name, by what it takes to tell. */
export interface TableObjects {
  readonly data: readonly string[];
  /** Ours alone: bounds of data files may be its name. Manifest lists have no names. */
  readonly manifests: readonly string[];
  /** Ledgers and tombstones: nobody else writes there. */
  readonly ledgers: readonly string[];
  /** The table's metadata itself: a log partition's last record may be the vehicle's. */
  readonly versions: readonly string[];
  /** The same, written by another engine: it takes the properties along. */
  readonly foreignVersions: readonly string[];
  /** Of the vehicle alone. */
  readonly pictures: readonly string[];
}

export const NO_OBJECTS: TableObjects = {
  data: [],
  manifests: [],
  ledgers: [],
  versions: [],
  foreignVersions: [],
  pictures: [],
};

const OUR_MANIFEST = /\/metadata\/m-[0-9a-f-]{36}\.avro$/;
const OUR_VERSION = /\/metadata\/(?:v\d{1,15}|\d{5,15}-[0-9a-f]{32})\.metadata\.json$/;

/**
 * As Iceberg names what Glue is to point at. Each commit that it asks for has a new one, and a VersionId: of those of
 * before a fence none can become the head.
 */
const FOREIGN_VERSION = /\/metadata\/\d{5,15}-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.metadata\.json$/;

export const listObjects = async (context: EraseContext): Promise<TableObjects> => {
  const { store, definition } = context.table;
  const data: string[] = [];
  const manifests: string[] = [];
  const versions: string[] = [];
  const foreignVersions: string[] = [];
  const ledgers: string[] = [];
  for await (const { key } of store.list(`${definition.name}/`)) {
    if (key.includes("/data/")) data.push(key);
    else if (OUR_MANIFEST.test(key)) manifests.push(key);
    else if (OUR_VERSION.test(key)) versions.push(key);
    else if (FOREIGN_VERSION.test(key)) foreignVersions.push(key);
  }
  for await (const { key } of store.list(ledgerPrefix(definition.name))) ledgers.push(key);
  return { data, manifests, ledgers, versions, foreignVersions, pictures: await listPictures(context) };
};

/** All that a head stands on: what any of its snapshots names, its ledgers, and the pictures of the vehicle's rows. */
export const namedKeys = async (context: EraseContext, head: TableHead): Promise<ReadonlySet<string>> => {
  const { table, zstd } = context;
  const ledgers = await namedLedgers({ store: table.store, zstd }, table.definition.name, head);
  const pictures = await namedPictures(context, head);
  return new Set([...(await reachableKeys(table, head.stored)), ...ledgers, ...pictures]);
};

export const withoutNamed = (objects: TableObjects, named: ReadonlySet<string>): TableObjects => {
  const unnamed = (keys: readonly string[]): readonly string[] => keys.filter((key) => !named.has(key));
  return {
    data: unnamed(objects.data),
    manifests: unnamed(objects.manifests),
    ledgers: unnamed(objects.ledgers),
    versions: unnamed(objects.versions),
    foreignVersions: unnamed(objects.foreignVersions),
    pictures: unnamed(objects.pictures),
  };
};

/** Of data files that are no longer live, those with rows of the vehicle. */
export const dataHolding = async (
  context: EraseContext,
  keys: readonly string[],
): Promise<readonly string[]> => {
  const { table, clean, vehicle } = context;
  const unknown = keys.filter((key) => !clean.has(key));
  const found = await context.rows.count(table.definition, unknown, vehicle);
  for (const key of unknown) if (!found.has(key)) clean.add(key);
  return unknown.filter((key) => found.has(key));
};
