import { RoadstreamError } from "@roadstream/shared";
import type { IcebergTable } from "./lake-table.ts";
import { withProperties } from "./next-snapshot.ts";
import { PROPERTY } from "./table-properties.ts";

/**
 * Hands a table that files keep over to another catalog: its last file version names the new owner, which every worker
 * obeys, and is what the new catalog begins with. Doing it again does nothing.
 */
export const moveToCatalog = async (
  table: IcebergTable,
  catalog: string,
): Promise<"moved" | "nothing_to_move"> => {
  const head = await table.peek();
  if (head === null || head.properties[PROPERTY.catalog] !== "file") return "nothing_to_move";
  const commitId = table.names.uuid();
  const outcome = await table.commit({
    base: head.stored,
    commitId,
    propose: async (on) => {
      const properties = { [PROPERTY.commit]: commitId, [PROPERTY.catalog]: catalog };
      return { kind: "ready", metadata: withProperties(on, properties, await table.store.now()) };
    },
  });
  if (outcome.kind === "committed") return "moved";
  throw new RoadstreamError("unavailable", `${table.definition.name} was not handed over: ${outcome.reason}`);
};
