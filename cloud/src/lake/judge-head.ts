import type { TableDefinition } from "../ports.ts";
import type { Proposal } from "./commit-loop.ts";
import { compareSchema, columnNamed, PARTITION_SPEC_ID } from "./iceberg-schema.ts";
import type { StoredTable, TableCatalog } from "./stored-table.ts";
import { rolledBack } from "./table-history.ts";
import { currentSchema, type TableMetadata } from "./table-metadata.ts";
import { PROPERTY } from "./table-properties.ts";

export type Refusal = Extract<Proposal, { kind: "refused" }>;

export type Judge = (on: StoredTable, definition: TableDefinition, catalog: TableCatalog) => Refusal | null;

const refused = (reason: string, hint: string): Refusal => ({ kind: "refused", reason, hint });

export const refusedSchema = (definition: TableDefinition, reason: string): Refusal =>
  refused(`${definition.name}: ${reason}`, "upgrade the cloud workers before gateways and agents");

const partitionedByDay = (metadata: TableMetadata, definition: TableDefinition): boolean => {
  const spec = metadata["partition-specs"].find((one) => one["spec-id"] === metadata["default-spec-id"]);
  const [field] = (spec?.fields ?? []) as readonly {
    readonly transform?: unknown;
    readonly "source-id"?: unknown;
  }[];
  return (
    spec?.["spec-id"] === PARTITION_SPEC_ID &&
    spec.fields.length === 1 &&
    field?.transform === "day" &&
    field["source-id"] === columnNamed(definition, definition.dayOf).id
  );
};

/** Why what this catalog says of the table is not the newest; null when it is. */
export const judgeOwner = (
  metadata: TableMetadata,
  definition: TableDefinition,
  catalog: TableCatalog,
): Refusal | null => {
  const owner = metadata.properties[PROPERTY.catalog];
  if (owner === catalog.name) return null;
  return refused(
    `${definition.name} belongs to the catalog ${owner ?? "of somebody else"}`,
    `start with --catalog ${owner ?? "as it was created with"}`,
  );
};

/** Why this process must not change this version of the table at all; null when it may. */
export const judgeTable: Judge = (on, definition, catalog) => {
  const { metadata } = on;
  const owned = judgeOwner(metadata, definition, catalog);
  if (owned !== null) return owned;
  const fit = compareSchema(definition, currentSchema(metadata));
  if (fit.kind === "differs") return refusedSchema(definition, fit.reason);
  if (!partitionedByDay(metadata, definition))
    return refused(`${definition.name} is no longer partitioned by day`, "restore the partition spec");
  const back = rolledBack(metadata);
  if (back !== null) {
    return refused(
      `${definition.name} was rolled back: ${back}`,
      "roll forward to the newest snapshot, or rebuild the table from the log",
    );
  }
  return null;
};

/** Why this process must not write files on this version of the table; null when it may. */
export const judgeHead: Judge = (on, definition, catalog) => {
  const unfit = judgeTable(on, definition, catalog);
  if (unfit !== null) return unfit;
  const fit = compareSchema(definition, currentSchema(on.metadata));
  if (fit.kind !== "table_behind") return null;
  const names = [...fit.added, ...fit.widened].map((column) => column.name).join(", ");
  return refused(
    `${definition.name} is behind this version's contract: ${names}`,
    "cloud run of this version brings its tables up to the contract when it starts",
  );
};
