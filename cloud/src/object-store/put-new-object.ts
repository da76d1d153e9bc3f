import { RoadstreamError } from "@roadstream/shared";
import type { ObjectContent, ObjectStore } from "../ports.ts";

const MAX_ATTEMPTS = 5;

/**
 * Puts an object under a name that nobody else ever uses (a UUID): when it exists after an unanswered attempt, it is
 * this one. Throws `unavailable` when the store gives no clear answer.
 */
export const putNewObject = async (
  store: ObjectStore,
  key: string,
  content: ObjectContent,
): Promise<void> => {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const outcome = await store.putIfAbsent(key, content);
    if (outcome !== "unknown") return;
  }
  throw new RoadstreamError("unavailable", `no answer to the put of ${key}`);
};
