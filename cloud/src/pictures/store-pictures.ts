import { putNewObject } from "../object-store/put-new-object.ts";
import type { ObjectStore } from "../ports.ts";

export interface PictureObject {
  readonly key: string;
  readonly bytes: Uint8Array;
}

/** Puts under way at the same time. */
const MAX_CONCURRENT_PUTS = 8;

/** Puts all pictures of a batch before its commit. Throws `unavailable` when one got no clear answer. */
export const storePictures = async (
  store: ObjectStore,
  pictures: readonly PictureObject[],
): Promise<void> => {
  const rest = pictures[Symbol.iterator]();
  const lane = async (): Promise<void> => {
    for (const picture of rest) await putNewObject(store, picture.key, picture.bytes);
  };
  await Promise.all(Array.from({ length: Math.min(MAX_CONCURRENT_PUTS, pictures.length) }, lane));
};
