import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RoadstreamError, seededRandom } from "@roadstream/shared";
import { systemClock } from "@roadstream/shared/adapters";
import { expect, test } from "vitest";
import { WrittenLake } from "../testing/written-lake.ts";
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

test("a statement that would take years is interrupted, and nothing of its transaction was done", async () => {
  await using written = await WrittenLake.open();
  const options = {
    file: join(written.folder, "cars.duckdb"),
    store: written.lake.store,
    clock: systemClock(),
    random: seededRandom(3),
  };
  const stopping = new AbortController();
  {
    await using warehouse = await DuckDbWarehouse.open({ ...options, signal: stopping.signal });
    const statements = ["CREATE TABLE half_done (a INTEGER)", ""];
    Object.defineProperty(statements, 1, {
      get: () => {
        // By the next turn the engine has it.
        setImmediate(() => stopping.abort(new RoadstreamError("aborted", "stopped")));
        return "SELECT COUNT(*) FROM range(1000000000) AS a, range(1000000000) AS b";
      },
    });
    const work = warehouse.transact(statements);
    await expect(work).rejects.toMatchObject({ code: "aborted" });
    await expect(warehouse.query("SELECT 1")).rejects.toMatchObject({ code: "aborted" });
  }
  await using again = await DuckDbWarehouse.open({ ...options, signal: new AbortController().signal });
  expect(await again.query("SELECT table_name FROM information_schema.tables")).toEqual([]);
});
