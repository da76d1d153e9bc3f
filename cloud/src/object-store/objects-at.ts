import type { ObjectStore } from "../ports.ts";

const KEY = "x";

/** What a key is put behind to make its URI, with the last slash. */
export const objectsAt = (store: Pick<ObjectStore, "location">): string =>
  store.location(KEY).slice(0, -KEY.length);
