import { join } from "node:path";
import { uuidV7 } from "@roadstream/shared";
import { nodeSha256, nodeZstd } from "@roadstream/shared/adapters";
import type { EraseVehicleOptions } from "../erase/erase-vehicle.ts";
import { currentHeads } from "../lake/current-heads.ts";
import { DEFAULT_DUCKDB, DuckDbEngine } from "./duckdb-engine.ts";
import { DuckDbParquetWriter } from "./duckdb-parquet.ts";
import { DuckDbVehicleRows } from "./duckdb-vehicle-rows.ts";
import { openLake, type LakeChoice } from "./open-lake.ts";
import type { OpenStoreOptions } from "./open-store.ts";

/** What an erasure stands on; throws `usage` where there is no lake. */
export const openErasure = async (
  choice: LakeChoice,
  options: OpenStoreOptions,
): Promise<Pick<EraseVehicleOptions, "tables" | "rows" | "zstd" | "sha256"> & AsyncDisposable> => {
  const { clock, random } = options;
  await using opened = new AsyncDisposableStack();
  const lake = opened.use(openLake(choice, options));
  await currentHeads(lake);
  const folder = await lake.incoming();
  const temporaryFolder = join(folder, `spill-${uuidV7(clock.now(), random)}`);
  const engine = opened.use(await DuckDbEngine.open({ ...DEFAULT_DUCKDB, temporaryFolder }));
  const { store, tables } = lake;
  const writer = new DuckDbParquetWriter({ store, clock, random, folder });
  const closing = opened.move();
  return {
    tables,
    rows: new DuckDbVehicleRows({ engine, writer, store }),
    zstd: nodeZstd,
    sha256: nodeSha256,
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
};
