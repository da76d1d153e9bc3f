import { RoadstreamError } from "@roadstream/shared";
import type { TableHead } from "../ports.ts";
import { tableHead, type IcebergTable } from "./lake-table.ts";
import { withProperties } from "./next-snapshot.ts";
import type { TableMetadata } from "./table-metadata.ts";
import { nextEpoch, PROPERTY } from "./table-properties.ts";

/**
 * A commit behind which all work begun before it is void: what was put for it and is not named by then never will be.
 * `also`: what else of the metadata changes with it, `now` by the store's clock.
 */
export const voidWork = async (
  table: IcebergTable,
  base: TableHead,
  also: (metadata: TableMetadata, now: number) => TableMetadata = (metadata) => metadata,
): Promise<TableHead> => {
  const commitId = table.names.uuid();
  const outcome = await table.commit({
    base: base.stored,
    commitId,
    propose: async (on) => {
      const now = await table.store.now();
      const properties = { [PROPERTY.commit]: commitId, ...nextEpoch(on.metadata.properties) };
      return { kind: "ready", metadata: also(withProperties(on, properties, now), now) };
    },
  });
  if (outcome.kind === "committed") return tableHead(outcome.stored);
  const name = table.definition.name;
  if (outcome.kind === "refused")
    throw new RoadstreamError("refused", `${name}: ${outcome.reason}`, { hint: outcome.hint });
  throw new RoadstreamError("unavailable", `${name}: not finished: ${outcome.reason}`, {
    hint: "Run it again: it goes on where it stopped.",
  });
};
