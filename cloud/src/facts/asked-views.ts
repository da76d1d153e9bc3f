import { lakeFactViews, type NamedView } from "./fact-views.ts";

/** Questions about what there is to ask. */
const LISTING =
  /\b(?:show|duckdb_views|duckdb_tables|duckdb_columns|information_schema|pg_views|pg_tables|sqlite_master)\b/i;

const names = (sql: string, { name }: NamedView): boolean => new RegExp(`\\b${name}\\b`, "i").test(sql);

/**
 * Of the lake's views of facts those that a statement names, with those that they name in turn; all, where it asks what there is.
 * Making all of them takes DuckDB half a second, which a question about something else need not wait for.
 */
export const askedFactViews = (sql: string): readonly NamedView[] => {
  const all = lakeFactViews("duckdb");
  if (LISTING.test(sql)) return all;
  const asked = new Set<NamedView>();
  const ask = (text: string): void => {
    for (const view of all) {
      if (asked.has(view) || !names(text, view)) continue;
      asked.add(view);
      ask(view.select);
    }
  };
  ask(sql);
  return all.filter((view) => asked.has(view));
};
