import { rename } from "node:fs/promises";
import { systemClock, systemRandom } from "@roadstream/shared/adapters";
import { DuckDbEngine } from "../adapters/duckdb-engine.ts";
import { lakeFilesSql } from "../adapters/duckdb-lake-files.ts";
import { DuckDbParquetWriter } from "../adapters/duckdb-parquet.ts";
import { tableDefinition } from "../lake/table-definition.ts";
import type { TinyLake } from "./tiny-lake.ts";

/** Puts other rows into the only data file of gps_data, as someone would who knows nothing of tables. */
export const rewriteRows = async ({ lake }: TinyLake, select: (rows: string) => string): Promise<void> => {
  await using engine = await DuckDbEngine.open();
  using connection = await engine.connect();
  const definition = tableDefinition("gps_data");
  const [file, ...others] = await lake.tables.gps_data.files(await lake.tables.gps_data.head());
  if (file === undefined || others.length > 0) throw new Error(`data files beyond one: ${others.length}`);
  const path = await lake.store.localFile(file.key);
  const writer = new DuckDbParquetWriter({
    clock: systemClock(),
    random: systemRandom(),
    store: lake.store,
    folder: await lake.incoming(),
  });
  const other = await writer.write({
    connection,
    definition,
    select: select(`(${lakeFilesSql(definition, [path])})`),
    day: file.day,
  });
  await rename(await lake.store.localFile(other?.key ?? ""), path);
};
