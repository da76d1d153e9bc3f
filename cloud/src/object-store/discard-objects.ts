import { errorText, isRoadstreamError, type Logger } from "@roadstream/shared";
import type { ObjectStore } from "../ports.ts";

export interface DiscardContext {
  readonly store: ObjectStore;
  readonly logger: Logger;
}

/**
 * Removes what was put in vain. Where that fails, as for a worker that may not delete rows, it is said and no more: what
 * stays is an orphan, for erasures and orphan removal to find.
 */
export const discardObjects = async (
  { store, logger }: DiscardContext,
  keys: readonly string[],
): Promise<void> => {
  try {
    await store.delete(keys);
  } catch (error) {
    if (!isRoadstreamError(error)) throw error;
    logger.warn("not_discarded", { objects: keys.length, reason: errorText(error) });
  }
};
