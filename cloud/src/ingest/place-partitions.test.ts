import { RoadstreamError } from "@roadstream/shared";
import { describe, expect, test } from "vitest";
import { tableDefinition } from "../lake/table-definition.ts";
import type { TableHead } from "../ports.ts";
import { MemoryLakeTable, MemoryTableStore } from "../testing/memory-lake-table.ts";
import { atHead } from "./place-partitions.ts";

/** A table on which others commit between any two looks. */
const busyTable = (): MemoryLakeTable => {
  const store = new MemoryTableStore();
  const table = new MemoryLakeTable(tableDefinition("gps_data"), store);
  table.head = () => {
    store.head = { ...store.head, version: store.head.version + 1 };
    return Promise.resolve(store.head);
  };
  return table;
};
const gone = new RoadstreamError("table_invalid", "a ledger file is gone");

describe("work at a table's head", () => {
  test("is done again at a newer one, where an old one may be why it went wrong", async () => {
    const seen: number[] = [];
    await atHead(busyTable(), ({ version }: TableHead) => {
      seen.push(version);
      return seen.length < 3 ? Promise.reject(gone) : Promise.resolve();
    });
    expect(seen).toEqual([2, 3, 4]);
  });

  test("that goes wrong at each head ends, however busy the table is", async () => {
    let looks = 0;
    const work = (): Promise<void> => {
      looks += 1;
      return Promise.reject(gone);
    };
    await expect(atHead(busyTable(), work)).rejects.toBe(gone);
    expect(looks).toBeLessThan(100);
  });
});
