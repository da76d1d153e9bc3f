import type { TableName, Zstd } from "@roadstream/shared";
import type { ObjectStore, TableHead } from "../ports.ts";
import { ledgerKeys } from "./load-ledger.ts";

/** Where all ledgers and tombstones of a table lie: nobody else writes there. */
export const ledgerPrefix = (table: TableName): string => `ledger/${table}/`;

/** All files there that a head stands on. */
export const namedLedgers = async (
  { store, zstd }: { readonly store: ObjectStore; readonly zstd: Zstd },
  table: TableName,
  head: TableHead,
): Promise<ReadonlySet<string>> => {
  const named = new Set<string>();
  for (const [text, { ledger, erased }] of Object.entries(head.ingest?.partitions ?? {})) {
    const place = { table, partition: Number(text) };
    for (const key of await ledgerKeys(store, zstd, place, ledger)) named.add(key);
    if (erased !== undefined) named.add(erased);
  }
  return named;
};
