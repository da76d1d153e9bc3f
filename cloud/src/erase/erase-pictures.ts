import type { TableName } from "@roadstream/shared";
import type { TableHead } from "../ports.ts";
import { filesHolding, type EraseContext } from "./erase-rows.ts";

const PICTURE_TABLE: TableName = "traffic_data";

/** All pictures of the vehicle in the store, whether or not a row names them; none for tables without pictures. */
export const listPictures = async ({ table, vehicle }: EraseContext): Promise<readonly string[]> => {
  const keys: string[] = [];
  if (table.definition.name !== PICTURE_TABLE) return keys;
  for await (const { key } of table.store.list(`pictures/${vehicle}/`)) keys.push(key);
  return keys;
};

/** Those that rows of a head name: readings that have landed since. */
export const namedPictures = async (context: EraseContext, head: TableHead): Promise<ReadonlySet<string>> => {
  if (context.table.definition.name !== PICTURE_TABLE) return new Set();
  const files = (await filesHolding(context, head)).map(({ file }) => file.key);
  return new Set(await context.rows.pictures(files, context.vehicle));
};
