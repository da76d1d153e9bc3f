import type { GlueTables } from "../lake/glue-tables.ts";

/** Glue's tables behind a client that is loaded and checked at the first request, once. */
export const glueTablesOnUse = (database: string, connect: () => Promise<GlueTables>): GlueTables => {
  let connected: Promise<GlueTables> | null = null;
  const client = (): Promise<GlueTables> => {
    connected ??= connect();
    // A failure is not remembered: the next request tries again.
    connected.catch(() => {
      connected = null;
    });
    return connected;
  };
  return {
    database,
    get: async (table) => (await client()).get(table),
    create: async (table, content) => (await client()).create(table, content),
    replace: async (table, versionId, content) => (await client()).replace(table, versionId, content),
  };
};
