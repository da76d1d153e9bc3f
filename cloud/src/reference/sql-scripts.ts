import { createAthenaView } from "../views/athena-views.ts";
import { LAKE_VIEWS } from "../views/lake-views.ts";
import { externalSchemaSql } from "../redshift/copy-files.ts";
import { createTable } from "../warehouse/create-tables.ts";
import type { WarehouseDialect } from "../warehouse/dialect.ts";
import { DUCKDB_DIALECT } from "../warehouse/duckdb-dialect.ts";
import { OWN_TABLES } from "../warehouse/own-tables.ts";
import { redshiftDialect } from "../warehouse/redshift-dialect.ts";
import { STREAM_TABLES } from "../warehouse/stream-tables.ts";
import { QUESTIONS, type Question } from "./questions.ts";

export interface SqlScript {
  readonly engine: "athena" | "duckdb" | "redshift";
  /** Below docs/sql/. */
  readonly path: string;
  readonly about: string;
  readonly statements: readonly { readonly title?: string; readonly sql: string }[];
}

/** Stands where a reader puts the own one. */
const OBJECTS_AT = "s3://BUCKET/lake/";
const REDSHIFT = redshiftDialect("public");

/** Who makes them, all at once. */
const FACTS_BY: Readonly<Record<SqlScript["engine"], string>> = {
  athena: "roadstream cloud views --create",
  duckdb: "roadstream cloud load",
  redshift: "roadstream cloud load",
};

const questions = (engine: SqlScript["engine"], over: readonly Question["over"][]): SqlScript => ({
  engine,
  path: `${engine}/questions.sql`,
  about: "Questions to begin with.",
  statements: QUESTIONS.filter((question) => over.includes(question.over)),
});

const tables = (engine: "duckdb" | "redshift", dialect: WarehouseDialect): SqlScript => ({
  engine,
  path: `${engine}/tables.sql`,
  about:
    "The streams' copies and the loader's own tables. roadstream cloud load makes them, and the tables of facts, by itself.",
  statements: [...Object.values(STREAM_TABLES), ...OWN_TABLES].flatMap((table) =>
    createTable(dialect, table).map((sql) => ({ sql })),
  ),
});

const views = (
  engine: SqlScript["engine"],
  create: (view: (typeof LAKE_VIEWS)[number], objectsAt: string) => string,
): SqlScript => ({
  engine,
  path: `${engine}/views.sql`,
  about: `moments, and the seed system's columns. Pictures are named under the lake's address: put yours for ${OBJECTS_AT}. The facts of driving and questions over them: ${FACTS_BY[engine]}.`,
  statements: LAKE_VIEWS.map((view) => ({ title: view.doc, sql: create(view, OBJECTS_AT) })),
});

const READERS: SqlScript = {
  engine: "redshift",
  path: "redshift/readers.sql",
  about: "A group of people and tools that only ask, and a user in it, for DBeaver.",
  statements: [
    { sql: "CREATE GROUP roadstream_readers" },
    { sql: "GRANT USAGE ON SCHEMA public TO GROUP roadstream_readers" },
    { sql: "GRANT SELECT ON ALL TABLES IN SCHEMA public TO GROUP roadstream_readers" },
    {
      title: "What is made later, too: run as the user that loads.",
      sql: "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO GROUP roadstream_readers",
    },
    {
      title: "Who comes by IAM alone; for a password say PASSWORD '…' instead.",
      sql: "CREATE USER analyst PASSWORD DISABLE IN GROUP roadstream_readers",
    },
  ],
};

const EXTERNAL: SqlScript = {
  engine: "redshift",
  path: "redshift/external-schema.sql",
  about:
    "The lake's tables inside Redshift, read where they lie: external_schema=lake in the loader's URL does the same. Put your Glue database and role.",
  statements: [
    { sql: externalSchemaSql("lake", "cars", "arn:aws:iam::123456789012:role/roadstream-redshift") },
    { sql: "SELECT COUNT(*) FROM lake.gps_data" },
  ],
};

/** Scripts for people with a SQL client. */
export const SQL_SCRIPTS: readonly SqlScript[] = [
  views("athena", createAthenaView),
  questions("athena", ["lake", "facts"]),
  tables("duckdb", DUCKDB_DIALECT),
  views("duckdb", DUCKDB_DIALECT.createView),
  questions("duckdb", ["lake", "facts", "loader"]),
  tables("redshift", REDSHIFT),
  views("redshift", REDSHIFT.createView),
  EXTERNAL,
  READERS,
  questions("redshift", ["lake", "facts", "loader"]),
];

/** A script as it lies in docs/sql. */
export const scriptText = ({ about, statements }: SqlScript): string => {
  const bodies = statements.map(({ title, sql }) => `${title === undefined ? "" : `-- ${title}\n`}${sql};\n`);
  return `-- ${about}\n\n${bodies.join("\n")}`;
};
