import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** In one start of an agent, gps_data numbers 1..given were given. */
export interface Given {
  readonly bootId: string;
  readonly given: number;
}

/** What a dead or ended agent's disk says that it gave; of a copy, so that recovery is the next agent's own affair. */
export const givenNumbers = async (agentFolder: string): Promise<readonly Given[]> => {
  const copy = `${agentFolder}-copy`;
  await cp(agentFolder, copy, { recursive: true });
  const db = new DatabaseSync(join(copy, "outbox.sqlite"));
  const sql = "SELECT boot_id, given FROM series JOIN boot USING (boot_id) WHERE stream = 'gps_data'";
  const rows = db.prepare(sql).all();
  db.close();
  await rm(copy, { recursive: true });
  return rows.map((row) => ({ bootId: String(row["boot_id"]), given: Number(row["given"]) }));
};
