import { RoadstreamError, type Column } from "@roadstream/shared";
import { compareSchema, evolvedSchema, idInUse } from "./iceberg-schema.ts";
import type { Proposal } from "./commit-loop.ts";
import { judgeTable, refusedSchema } from "./judge-head.ts";
import type { IcebergTable } from "./lake-table.ts";
import { withProperties } from "./next-snapshot.ts";
import type { StoredTable } from "./stored-table.ts";
import { currentSchema, type TableMetadata } from "./table-metadata.ts";
import { PROPERTY } from "./table-properties.ts";

/** What a table was given so that it has all that the contract has. */
export interface Evolution {
  readonly added: readonly Column[];
  readonly widened: readonly Column[];
}

/**
 * DuckDB marks integers in Parquet as such, and Iceberg's vectorised reader for Spark (1.9.2, VectorizedArrowReader)
 * fails on a marked 32-bit column that is to be read as 64 bits: Spark must read such a table row by row, until
 * somebody has compacted all of it and removes the property.
 */
const READ_BY_ROW = { "read.parquet.vectorization.enabled": "false" };

/** Another worker of this version was there first. */
const UP_TO_DATE = "up_to_date";

/** The metadata that follows `on` with a new current schema; files stay, and give null where they lack a column. */
const withSchema = (
  on: StoredTable,
  evolution: Evolution,
  properties: Readonly<Record<string, string>>,
  now: number,
): TableMetadata => {
  const metadata = withProperties(on, properties, now);
  const schemaId = Math.max(...metadata.schemas.map((schema) => schema["schema-id"])) + 1;
  const schema = evolvedSchema(currentSchema(metadata), evolution, schemaId);
  return {
    ...metadata,
    "last-column-id": Math.max(metadata["last-column-id"], ...evolution.added.map(({ id }) => id)),
    "current-schema-id": schemaId,
    schemas: [...metadata.schemas, schema as TableMetadata["schemas"][number]],
  };
};

/**
 * Brings a table up to the contract of this version by one commit: nullable columns that it lacks are added, types made
 * wider. Null when there is no table, or nothing to do. Batches that were begun before are read again, and a worker of
 * an older version stops. Throws `refused` for a difference of any other kind.
 */
export const evolveTable = async (table: IcebergTable): Promise<Evolution | null> => {
  const { definition } = table;
  const refused = ({ reason, hint }: { readonly reason: string; readonly hint: string }): RoadstreamError =>
    new RoadstreamError("refused", reason, { hint });
  const head = await table.peek();
  if (head === null) return null;
  const fit = compareSchema(definition, currentSchema(head.stored.metadata));
  if (fit.kind === "same") return null;
  if (fit.kind === "differs") throw refused(refusedSchema(definition, fit.reason));
  const commitId = table.names.uuid();
  const propose = async (on: StoredTable): Promise<Proposal> =>
    proposeOn(table, on, { commitId, now: await table.store.now() });
  const outcome = await table.commit({ base: head.stored, commitId, propose }, judgeTable);
  switch (outcome.kind) {
    case "committed":
      return { added: fit.added, widened: fit.widened };
    case "refused":
      throw refused(outcome);
    case "conflict":
      if (outcome.reason === UP_TO_DATE) return null;
      throw new RoadstreamError(
        "unavailable",
        `${definition.name} was not brought up to the contract: ${outcome.reason}`,
      );
  }
};

const proposeOn = (
  { definition }: IcebergTable,
  on: StoredTable,
  { commitId, now }: { readonly commitId: string; readonly now: number },
): Proposal => {
  const fit = compareSchema(definition, currentSchema(on.metadata));
  if (fit.kind === "differs") return refusedSchema(definition, fit.reason);
  if (fit.kind === "same") return { kind: "conflict", reason: UP_TO_DATE };
  for (const column of fit.added) {
    const used = idInUse(column, on.metadata.schemas);
    if (used !== null) return refusedSchema(definition, used);
  }
  const readBy = fit.widened.some(({ type }) => type === "int64") ? READ_BY_ROW : {};
  const metadata = withSchema(on, fit, { ...readBy, [PROPERTY.commit]: commitId }, now);
  return { kind: "ready", metadata };
};
