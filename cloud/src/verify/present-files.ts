import type { TableName } from "@roadstream/shared";
import type { LiveFile, ObjectStore } from "../ports.ts";

interface PartedFiles {
  readonly present: readonly LiveFile[];
  /** Gone: their rows are lost, which is no reason to judge nothing else. */
  readonly missing: readonly LiveFile[];
}

/** Which of the files that a table's head names the store has. */
export const presentFiles = async (
  store: ObjectStore,
  table: TableName,
  files: readonly LiveFile[],
): Promise<PartedFiles> => {
  const listed = new Set<string>();
  for await (const { key } of store.list(`${table}/data/`)) listed.add(key);
  const present: LiveFile[] = [];
  const missing: LiveFile[] = [];
  // Another engine may have put its files elsewhere in the lake.
  for (const file of files) {
    const isThere = listed.has(file.key) || (await has(store, file.key));
    (isThere ? present : missing).push(file);
  }
  return { present, missing };
};

const has = async (store: ObjectStore, wanted: string): Promise<boolean> => {
  // Ascending: the key itself comes before all that begins with it.
  for await (const { key } of store.list(wanted)) return key === wanted;
  return false;
};
