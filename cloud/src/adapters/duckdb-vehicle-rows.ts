import type { UnclaimedLetter, VehicleRows } from "../erase/ports.ts";
import { tableDefinition } from "../lake/table-definition.ts";
import { localFiles } from "../object-store/local-files.ts";
import type { LiveFile, NewDataFile, ObjectStore, TableDefinition } from "../ports.ts";
import { sqlName, sqlText, type DuckDbEngine, type SqlRow } from "./duckdb-engine.ts";
import { lakeFilesSql } from "./duckdb-lake-files.ts";
import type { DuckDbParquetWriter } from "./duckdb-parquet.ts";

const FILE = "@file";
/** Files of one query: those of a lake on S3 are copied to this machine first. */
const FILES_AT_ONCE = 64;

/**
 * The refused bytes are JSON that names its vehicle, plain even where the body is packed; with or without a blank, as
 * different programs write it. As hexadecimal, since they need not be text.
 */
const namedInPayload = (vehicle: string): string =>
  [`"vehicle_id":"${vehicle}"`, `"vehicle_id": "${vehicle}"`]
    .map((text) => `contains(hex(payload), '${Buffer.from(text).toString("hex").toUpperCase()}')`)
    .join(" OR ");

/** MQTT topics have the vehicle as one of their levels; a record under a strange key says so in its detail. */
const IN_LETTERS = (vehicle: string): string =>
  `vehicle_id = ${sqlText(vehicle)} OR list_contains(string_split(topic, '/'), ${sqlText(vehicle)})
   OR detail = ${sqlText(`the log's key is ${vehicle}`)} OR ${namedInPayload(vehicle)}`;

const isIts = ({ name }: TableDefinition, vehicle: string): string =>
  name === "dead_letters" ? IN_LETTERS(vehicle) : `vehicle_id = ${sqlText(vehicle)}`;

export interface VehicleRowsOptions {
  readonly engine: DuckDbEngine;
  readonly writer: DuckDbParquetWriter;
  readonly store: ObjectStore;
}

/** Finds a vehicle's rows by SQL over the data files themselves. */
export class DuckDbVehicleRows implements VehicleRows {
  readonly #options: VehicleRowsOptions;

  constructor(options: VehicleRowsOptions) {
    this.#options = options;
  }

  async count(
    definition: TableDefinition,
    keys: readonly string[],
    vehicle: string,
  ): Promise<ReadonlyMap<string, number>> {
    const found = new Map<string, number>();
    for (let at = 0; at < keys.length; at += FILES_AT_ONCE) {
      const some = keys.slice(at, at + FILES_AT_ONCE);
      const paths = await localFiles(this.#options.store, some);
      const rows = await this.#rows(`
        SELECT ${sqlName(FILE)} AS file, count(*) AS n
        FROM (${lakeFilesSql(definition, paths, { fileColumn: FILE })})
        WHERE ${isIts(definition, vehicle)} GROUP BY file`);
      for (const row of rows) found.set(some[paths.indexOf(String(row["file"]))] ?? "", Number(row["n"]));
    }
    return found;
  }

  async without(definition: TableDefinition, file: LiveFile, vehicle: string): Promise<NewDataFile | null> {
    const { engine, writer, store } = this.#options;
    const select = `SELECT * FROM (${lakeFilesSql(definition, await localFiles(store, [file.key]))})
      WHERE (${isIts(definition, vehicle)}) IS NOT TRUE`;
    using connection = await engine.connect();
    return await writer.write({ connection, definition, select, day: file.day });
  }

  async pictures(keys: readonly string[], vehicle: string): Promise<readonly string[]> {
    if (keys.length === 0) return [];
    const definition = tableDefinition("traffic_data");
    const paths = await localFiles(this.#options.store, keys);
    const rows = await this.#rows(`
      SELECT snapshot_key FROM (${lakeFilesSql(definition, paths)}) WHERE ${isIts(definition, vehicle)}`);
    return rows.map((row) => String(row["snapshot_key"]));
  }

  async unclaimedLetters(keys: readonly string[], vehicle: string): Promise<readonly UnclaimedLetter[]> {
    if (keys.length === 0) return [];
    const definition = tableDefinition("dead_letters");
    const paths = await localFiles(this.#options.store, keys);
    const rows = await this.#rows(`
      SELECT log_partition, dead_letter_id FROM (${lakeFilesSql(definition, paths)})
      WHERE (${isIts(definition, vehicle)}) AND (
        vehicle_id IS DISTINCT FROM ${sqlText(vehicle)}
        OR boot_id IS NULL OR stream IS NULL OR seq_from IS NULL OR seq_to IS NULL)`);
    return rows.map((row) => ({
      partition: Number(row["log_partition"]),
      id: String(row["dead_letter_id"]),
    }));
  }

  async #rows(sql: string): Promise<readonly SqlRow[]> {
    using connection = await this.#options.engine.connect();
    return await connection.rows(sql);
  }
}
