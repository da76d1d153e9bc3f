import { DuckDbEngine, openLake, type OpenedLake } from "@roadstream/cloud/testing";
import { silentLogger } from "@roadstream/shared";
import { systemClock, systemRandom } from "@roadstream/shared/adapters";
import { TRIP_STARTS, WARM_S } from "./capture.ts";
import type { Promised } from "./kill-run.ts";

/** A lake, and what must stand in the environment for it. */
export interface LakePlace {
  readonly lake: string;
  readonly env: Readonly<Record<string, string>>;
}

/** As a reader of its own opens it. */
export const openPlace = ({ lake, env }: LakePlace): OpenedLake =>
  openLake(
    { lake, catalog: "file" },
    {
      clock: systemClock(),
      random: systemRandom(),
      logger: silentLogger,
      env,
      path: (text: string) => text,
    },
  );

type Table = "gps_data" | "agent_events" | "dead_letters";

/** The table's current data files, for any SQL to read. */
const filesOf = async (place: LakePlace, table: Table): Promise<readonly string[]> => {
  await using lake = openPlace(place);
  const head = await lake.tables[table].peek();
  if (head === null) return [];
  const files = await lake.tables[table].files(head);
  return Promise.all(files.map((file) => lake.store.localFile(file.key)));
};

/**
 * By plain SQL over the files, without the ledger: of each start of the agent, numbers 1..given are there once, each
 * holding the second of the trip that it was given to; and there is nothing else. Returns what is wrong.
 */
export const findWrongRows = async (
  place: LakePlace,
  promised: readonly Promised[],
): Promise<readonly string[]> => {
  await using engine = await DuckDbEngine.open();
  using connection = await engine.connect();
  const from = async (table: Table, columns: string): Promise<string> => {
    const files = await filesOf(place, table);
    const list = files.map((file) => `'${file}'`).join();
    return files.length === 0
      ? `(SELECT ${columns} FROM (SELECT NULL::VARCHAR boot_id, NULL::BIGINT seq, NULL::TIMESTAMP fix_at) WHERE false)`
      : `(SELECT ${columns} FROM read_parquet([${list}]))`;
  };
  const values = promised.map(({ bootId, given, fromS }) => `('${bootId}', ${given}, ${fromS})`);
  const wanted =
    values.length === 0
      ? "SELECT NULL::VARCHAR boot_id, NULL::BIGINT seq, NULL::TIMESTAMP fix_at WHERE false"
      : `SELECT boot_id, seq, make_timestamp((${TRIP_STARTS} + (${WARM_S} + from_s + seq - 1) * 1000) * 1000) fix_at
         FROM (SELECT boot_id, from_s, unnest(range(1, given + 1)) seq FROM (VALUES ${values.join()}) AS promised (boot_id, given, from_s))`;
  const rows = await from("gps_data", "boot_id, seq, fix_at::TIMESTAMP fix_at");
  const events = await from("agent_events", "boot_id, seq");
  const letters = await from("dead_letters", "1");
  const found = await connection.rows(`
    SET TimeZone = 'UTC';
    WITH wanted AS (${wanted}), rows AS (SELECT * FROM ${rows}), events AS (SELECT * FROM ${events})
    SELECT 'lost: ' || boot_id || '/' || seq AS wrong FROM (FROM wanted EXCEPT FROM rows)
    UNION ALL SELECT 'never measured, or another reading: ' || boot_id || '/' || seq FROM (FROM rows EXCEPT FROM wanted)
    UNION ALL SELECT 'doubled: ' || boot_id || '/' || seq FROM rows GROUP BY boot_id, seq HAVING count(*) > 1
    UNION ALL SELECT 'event doubled: ' || boot_id || '/' || seq FROM events GROUP BY boot_id, seq HAVING count(*) > 1
    UNION ALL SELECT 'events missing in ' || boot_id FROM events GROUP BY boot_id HAVING max(seq) > count(DISTINCT seq)
    UNION ALL SELECT 'dead letters' FROM ${letters}`);
  return found.map((row) => String(row["wrong"]));
};
