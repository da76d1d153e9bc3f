import { isRoadstreamError } from "@roadstream/shared";
import type { LakeTable } from "../ports.ts";

const MAX_TRIES = 5;

/**
 * Work on what a head names. An erasure, or orphan removal, may take it away meanwhile: where something is gone and the
 * table has moved on, all is looked at again from its newest head.
 */
export const despiteOthers = async <T>(table: LakeTable, work: () => Promise<T>): Promise<T> => {
  for (let tries = 1; ; tries += 1) {
    const before = await table.peek();
    try {
      return await work();
    } catch (error) {
      const mayPass = isRoadstreamError(error, "table_invalid") || isRoadstreamError(error, "storage");
      if (!mayPass || tries === MAX_TRIES) throw error;
      const after = await table.peek();
      if (after?.version === before?.version) throw error;
    }
  }
};
