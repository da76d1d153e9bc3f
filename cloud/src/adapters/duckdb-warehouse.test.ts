import { join } from "node:path";
import { seededRandom } from "@roadstream/shared";
import { systemClock } from "@roadstream/shared/adapters";
import { warehouseContract } from "../warehouse/warehouse.contract.ts";
import { DuckDbWarehouse } from "./duckdb-warehouse.ts";

warehouseContract("a DuckDB file", (written) => {
  const options = {
    file: join(written.folder, "cars.duckdb"),
    clock: systemClock(),
    random: seededRandom(3),
    signal: new AbortController().signal,
  };
  return Promise.resolve({
    open: (store) => DuckDbWarehouse.open({ ...options, store }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
});
