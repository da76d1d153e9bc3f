import type { IcebergTable } from "../lake/lake-table.ts";
import { reachableKeys } from "../lake/reachable-keys.ts";
import { ledgerPrefix, namedLedgers } from "../ledger/named-ledgers.ts";
import type { TableHead } from "../ports.ts";
import type { EraseContext } from "./erase-rows.ts";

/** What a table has in the store that may hold a vehicle's rows or name, by what it takes to tell. */
export interface TableObjects {
  readonly data: readonly string[];
  /** Ours alone: bounds of data files may be its name. Manifest lists have no names. */
  readonly manifests: readonly string[];
  /** Ledgers and tombstones: nobody else writes there. */
  readonly ledgers: readonly string[];
}

const OUR_MANIFEST = /\/metadata\/m-[0-9a-f-]{36}\.avro$/;

export const listObjects = async ({ store, definition }: IcebergTable): Promise<TableObjects> => {
  const data: string[] = [];
  const manifests: string[] = [];
  const ledgers: string[] = [];
  for await (const { key } of store.list(`${definition.name}/`)) {
    if (key.includes("/data/")) data.push(key);
    else if (OUR_MANIFEST.test(key)) manifests.push(key);
  }
  for await (const { key } of store.list(ledgerPrefix(definition.name))) ledgers.push(key);
  return { data, manifests, ledgers };
};

/** All that a head stands on: what any of its snapshots names, and its ledgers. */
export const namedKeys = async (context: EraseContext, head: TableHead): Promise<ReadonlySet<string>> => {
  const { table, zstd } = context;
  const ledgers = await namedLedgers({ store: table.store, zstd }, table.definition.name, head);
  return new Set([...(await reachableKeys(table, head.stored)), ...ledgers]);
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
