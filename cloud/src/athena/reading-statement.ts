import { RoadstreamError } from "@roadstream/shared";

const COMMENTS = /--[^\n]*|\/\*[\s\S]*?\*\//g;
const EXPLAIN = /^explain\s+(?:analyze\s+)?(?:verbose\s+)?(?:\([^()]*\)\s*)?/i;
const READS = /^(?:select|with|values|table|show|describe|desc)\b/i;

/**
 * The one statement of this text, which only reads: the lake is changed by roadstream alone. Athena itself takes one
 * statement at a time; what a role must not do is for its permissions to forbid.
 */
export const readingStatement = (sql: string): string => {
  const statement = sql.trim().replace(/[;\s]+$/, "");
  // Quoted text may look like a comment, but no statement begins with a quote.
  const bare = statement.replaceAll(COMMENTS, " ").trim();
  if (bare === "") throw new RoadstreamError("usage", "there is no SQL to run");
  if (READS.test(bare.replace(EXPLAIN, "").replace(/^[(\s]+/, ""))) return statement;
  throw new RoadstreamError("usage", "only queries run here: the lake is changed by roadstream alone", {
    hint: "SELECT …, SHOW TABLES, DESCRIBE table, EXPLAIN SELECT …",
  });
};
