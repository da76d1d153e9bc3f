import type { ObjectStore } from "../ports.ts";

/** Copies from a distant store that are fetched at the same time. */
const MAX_CONCURRENT_FETCHES = 8;

/** Local files with these objects' bytes, in the order of the keys. */
export const localFiles = async (store: ObjectStore, keys: readonly string[]): Promise<readonly string[]> => {
  const paths = Array.from({ length: keys.length }, () => "");
  const rest = keys.entries();
  const lane = async (): Promise<void> => {
    for (const [at, key] of rest) paths[at] = await store.localFile(key);
  };
  await Promise.all(Array.from({ length: Math.min(MAX_CONCURRENT_FETCHES, keys.length) }, lane));
  return paths;
};
