import type { LoadFile } from "../warehouse/load-file.ts";
import { literal, quoted } from "../warehouse/sql-text.ts";

/** The list of files that COPY reads; of columnar files it wants to know the size. */
export const copyManifest = (files: readonly LoadFile[]): Uint8Array =>
  new TextEncoder().encode(
    JSON.stringify({
      entries: files.map(({ location, sizeBytes }) => ({
        url: location,
        mandatory: true,
        meta: { content_length: sizeBytes },
      })),
    }),
  );

const roleSql = (iamRole: string | null): string =>
  `IAM_ROLE ${iamRole === null ? "DEFAULT" : literal(iamRole)}`;

/** COPY of exactly these files: columns go by their place, not by their names. */
export const copySql = (table: string, manifest: string, iamRole: string | null): string =>
  `COPY ${quoted(table)} FROM ${literal(manifest)} ${roleSql(iamRole)} FORMAT AS PARQUET MANIFEST`;

/** The lake's own tables inside Redshift, read where they lie: the seed's external schema. */
export const externalSchemaSql = (name: string, database: string, iamRole: string | null): string =>
  `CREATE EXTERNAL SCHEMA IF NOT EXISTS ${quoted(name)} FROM DATA CATALOG DATABASE ${literal(database)} ${roleSql(iamRole)}`;
