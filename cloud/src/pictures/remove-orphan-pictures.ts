import type { IcebergTable } from "../lake/lake-table.ts";
import { despiteOthers } from "../lake/despite-others.ts";
import { snapshotFiles } from "../lake/reachable-keys.ts";
import { voidWork } from "../lake/void-work.ts";
import type { TableHead, TextsOfFiles } from "../ports.ts";

/** Pictures that are looked up at once: what is held in memory, however many there are. */
const PORTION = 200_000;
const PICTURES = "pictures/";

export interface OrphanPictures {
  readonly objects: number;
  readonly bytes: number;
}

export interface OrphanPicturesOptions {
  /** traffic_data. */
  readonly table: IcebergTable;
  /** By the store's clock, Unix milliseconds: younger ones may belong to work under way. */
  readonly putBefore: number;
  readonly pictureKeys: TextsOfFiles;
  readonly mode: "list" | "remove";
  readonly portion?: number;
}

/**
 * Pictures of batches that never landed: a picture is put before the commit that names it. One that a row of any snapshot
 * names stays. The store lists by key, and so by vehicle: each portion is looked up among the rows of its own vehicles.
 * It was listed before work under way is made void, and is looked up again behind that.
 */
export const removeOrphanPictures = async (options: OrphanPicturesOptions): Promise<OrphanPictures> => {
  const { table, mode, portion = PORTION } = options;
  const sum = { objects: 0, bytes: 0 };
  const old = new Map<string, number>();
  const lookUp = async (): Promise<void> => {
    const head = await table.head();
    await dropNamed(options, head, old);
    if (mode === "remove" && old.size > 0) await dropNamed(options, await voidWork(table, head), old);
  };
  const settle = async (): Promise<void> => {
    await despiteOthers(table, lookUp);
    const keys = [...old.keys()];
    if (mode === "remove") await table.store.delete(keys);
    sum.objects += keys.length;
    for (const size of old.values()) sum.bytes += size;
    old.clear();
  };
  for await (const { key, size, modifiedAt } of table.store.list(PICTURES)) {
    if (modifiedAt >= options.putBefore) continue;
    old.set(key, size);
    if (old.size >= portion) await settle();
  }
  await settle();
  return sum;
};

/** Takes out what rows of a snapshot of this head name. */
const dropNamed = async (
  { table, pictureKeys }: OrphanPicturesOptions,
  head: TableHead,
  among: Map<string, number>,
): Promise<void> => {
  const some = among.keys().next().value;
  if (some === undefined) return;
  const files = (await snapshotFiles(table, head.stored)).map((key) => ({ key }));
  if (files.length === 0) return;
  let [first, last] = [some, some];
  for (const key of among.keys()) {
    if (key < first) first = key;
    if (key > last) last = key;
  }
  for await (const keys of pictureKeys(files, { first, last })) for (const key of keys) among.delete(key);
};
