import { RoadstreamError } from "@roadstream/shared";
import type { TableHead } from "../ports.ts";
import { tableHead, type IcebergTable } from "./lake-table.ts";
import { withProperties } from "./next-snapshot.ts";
import { nextEpoch, PROPERTY } from "./table-properties.ts";

/** A commit behind which all work begun before it is void: what was put for it and is not named by then never will be. */
export const voidWork = async (table: IcebergTable, base: TableHead): Promise<TableHead> => {
  const commitId = table.names.uuid();
  const outcome = await table.commit({
    base: base.stored,
    commitId,
    propose: async (on) => {
      const properties = { [PROPERTY.commit]: commitId, ...nextEpoch(on.metadata.properties) };
      return { kind: "ready", metadata: withProperties(on, properties, await table.store.now()) };
    },
  });
  if (outcome.kind === "committed") return tableHead(outcome.stored);
  throw new RoadstreamError("unavailable", `${table.definition.name}: ${outcome.reason}`);
};
