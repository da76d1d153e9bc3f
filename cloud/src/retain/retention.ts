import { days, RoadstreamError, unixMillis, utcDay } from "@roadstream/shared";
import { tableHead, type IcebergTable } from "../lake/lake-table.ts";
import { withProperties } from "../lake/next-snapshot.ts";
import { numberProperty, PROPERTY, type Properties } from "../lake/table-properties.ts";
import type { TableHead } from "../ports.ts";

/** For how many days a table keeps its rows; null: for ever. */
export const retainDays = (properties: Properties): number | null =>
  properties[PROPERTY.retainDays] === undefined ? null : numberProperty(properties, PROPERTY.retainDays, 0);

/**
 * The first day that stays, `now` by the store's clock; null where all do. Days go whole: a row of the first moment of a day stays a day longer than
 * the limit, none goes before it.
 */
export const firstKeptDay = (properties: Properties, now: number): string | null => {
  const limit = retainDays(properties);
  return limit === null ? null : utcDay(unixMillis(now - days(limit)));
};

/** Writes the limit into the table's own properties, where every worker and every operator finds it; null: for ever. */
export const setRetainDays = async (table: IcebergTable, limit: number | null): Promise<TableHead> => {
  const { stored: base } = await table.head();
  const commitId = table.names.uuid();
  const outcome = await table.commit({
    base,
    commitId,
    propose: async (on) => {
      const next = withProperties(on, { [PROPERTY.commit]: commitId }, await table.store.now());
      const { [PROPERTY.retainDays]: _, ...properties } = next.properties;
      const metadata = {
        ...next,
        properties: { ...properties, ...(limit === null ? {} : { [PROPERTY.retainDays]: String(limit) }) },
      };
      return { kind: "ready", metadata };
    },
  });
  if (outcome.kind === "committed") return tableHead(outcome.stored);
  throw new RoadstreamError(
    "unavailable",
    `${table.definition.name}: the limit was not set: ${outcome.reason}`,
  );
};
