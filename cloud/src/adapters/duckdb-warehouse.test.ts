import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom } from "@roadstream/shared";
import { systemClock } from "@roadstream/shared/adapters";
import { warehouseContract } from "../warehouse/warehouse.contract.ts";
import { DuckDbWarehouse } from "./duckdb-warehouse.ts";

warehouseContract("a DuckDB file", async () => {
  const folder = await mkdtemp(join(tmpdir(), "warehouse-"));
  const options = {
    file: join(folder, "cars.duckdb"),
    clock: systemClock(),
    random: seededRandom(3),
    signal: new AbortController().signal,
  };
  return {
    open: (store) => DuckDbWarehouse.open({ ...options, store }),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
});
