/** What COPY of Parquet by a manifest says. */
export interface CopyStatement {
  readonly table: string;
  readonly manifest: string;
}

const COPY =
  /^COPY "(?<table>\w+)" FROM '(?<manifest>[^']+)' IAM_ROLE (?:DEFAULT|'arn:[^']+') FORMAT AS PARQUET MANIFEST$/;

export const copyStatement = (sql: string): CopyStatement | null => {
  const { table, manifest } = COPY.exec(sql)?.groups ?? {};
  return table === undefined || manifest === undefined ? null : { table, manifest };
};

/** How Redshift spreads and sorts rows; keys that it does not enforce. DuckDB knows none of them, or would enforce them. */
const LAYOUT =
  /\s*(?:DISTSTYLE (?:ALL|EVEN|KEY DISTKEY \("\w+"\))|COMPOUND SORTKEY \([^)]*\)|(?<=CREATE TEMP TABLE \w+) DISTKEY \(\w+\))/g;
const PROMISE = /,\s*PRIMARY KEY \([^)]*\)/g;

/** A statement without what only Redshift knows, and without keys that other engines would enforce. */
export const withoutLayout = (sql: string): string => sql.replaceAll(LAYOUT, "").replaceAll(PROMISE, "");

/** A statement of Redshift's SQL in DuckDB's: the same rows, as far as this system goes. */
export const inDuckDb = (sql: string): string =>
  withoutLayout(sql)
    .replaceAll(/VARBYTE\(\d+\)/g, "BLOB")
    .replaceAll(/\bDATEDIFF\((\w+),/gi, "date_diff('$1',")
    .replaceAll(/\bSET search_path TO "(\w+)"/g, "SET schema = '$1'");
