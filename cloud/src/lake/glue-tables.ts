/** What AWS Glue's Data Catalog does for one database of tables; adapters/glue-client-tables.ts is the real one. */
export interface GlueTables {
  readonly database: string;
  /** Null when there is no such table. Throws `unavailable` when that cannot be known, `refused` on a denial. */
  get(table: string): Promise<GlueEntry | null>;
  create(table: string, content: GlueContent): Promise<"created" | "exists" | "unknown">;
  /** Replaces the entry only if its version is still `versionId`: Glue's compare-and-set. */
  replace(
    table: string,
    versionId: string,
    content: GlueContent,
  ): Promise<"replaced" | "moved_on" | "unknown">;
}

export interface GlueEntry {
  /** A whole number as text; each update makes it one more. */
  readonly versionId: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** What this system says of a table in Glue; what others said beside it stays. */
export interface GlueContent {
  /** The table's folder. */
  readonly location: string;
  readonly description: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly columns: readonly GlueColumn[];
}

/** A column as Athena and the console list it. */
export interface GlueColumn {
  readonly name: string;
  /** Hive's spelling: `bigint`, `timestamp`. */
  readonly type: string;
  readonly comment: string;
  readonly parameters: Readonly<Record<string, string>>;
}
