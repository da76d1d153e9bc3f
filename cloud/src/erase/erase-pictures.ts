import type { TableHead } from "../ports.ts";
import { filesHolding, type EraseContext } from "./erase-rows.ts";

const DELETE_BATCH = 500;

/** All pictures of the vehicle in the store, whether or not a row names them. */
export const listPictures = async ({ table, vehicle }: EraseContext): Promise<readonly string[]> => {
  const keys: string[] = [];
  for await (const { key } of table.store.list(`pictures/${vehicle}/`)) keys.push(key);
  return keys;
};

/** Those that rows of a head name: readings that have landed since. */
const namedPictures = async (context: EraseContext, head: TableHead): Promise<ReadonlySet<string>> => {
  const files = (await filesHolding(context, head)).map(({ file }) => file.key);
  return new Set(await context.rows.pictures(files, context.vehicle));
};

export interface ErasedPictures {
  readonly deleted: number;
  readonly remaining: number;
}

/**
 * Deletes pictures that were listed before the commit behind which `head` stands: such a one, when no row names it, was
 * put for a batch that can no longer land.
 */
export const erasePictures = async (
  context: EraseContext,
  listed: readonly string[],
  head: TableHead,
): Promise<ErasedPictures> => {
  const named = await namedPictures(context, head);
  const loose = listed.filter((key) => !named.has(key));
  for (let at = 0; at < loose.length; at += DELETE_BATCH)
    await context.table.store.delete(loose.slice(at, at + DELETE_BATCH));
  const left = new Set(await listPictures(context));
  const remaining = listed.filter((key) => left.has(key)).length;
  return { deleted: listed.length - remaining, remaining };
};
