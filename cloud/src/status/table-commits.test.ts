import { VirtualClock } from "@roadstream/shared/testing";
import { expect, test } from "vitest";
import { printBatchSummary } from "../lake/batch-summary.ts";
import { SUMMARY } from "../lake/table-properties.ts";
import type { TableHead } from "../ports.ts";
import { openTable, whileTimePasses } from "../testing/lake-fixture.ts";
import { MemoryObjectStore } from "../testing/memory-object-store.ts";
import { tableCommits } from "./table-commits.ts";

const OURS = { operation: "append", [SUMMARY.commit]: "c" };

/** A head whose snapshots, one a millisecond, say this of themselves. */
const headOf = async (summaries: readonly Readonly<Record<string, string>>[]): Promise<TableHead> => {
  const clock = new VirtualClock();
  const table = openTable({ store: new MemoryObjectStore(clock), clock });
  const head = await whileTimePasses(clock, table.head());
  const snapshots = summaries.map((summary, n) => ({
    "snapshot-id": BigInt(n + 1),
    "sequence-number": n + 1,
    "timestamp-ms": n,
    "manifest-list": `list-${n}`,
    summary,
  }));
  return { ...head, stored: { ...head.stored, metadata: { ...head.stored.metadata, snapshots } } };
};

const batchOf = (commitMs: number | null, more: { attempt?: number; dropped?: number } = {}) => ({
  ...OURS,
  ...printBatchSummary({ attempt: 1, dropped: 0, commitMs, ...more }),
});

test("how long commits took is said of those within the window that say it", async () => {
  const slowFirst = Array.from({ length: 100 }, (_, n) => batchOf(100 - n));
  const head = await headOf([...slowFirst, batchOf(null), { ...OURS, [SUMMARY.commitMs]: "soon" }]);
  expect(tableCommits(head, 0)).toMatchObject({ commits: 102, durations: { p50: 50, p99: 99 } });
  expect(tableCommits(head, 98)).toMatchObject({ commits: 4, durations: { p50: 1, p99: 2 } });
  expect(tableCommits(head, 100)).toMatchObject({ commits: 2, durations: null });
});

test("what is no worker's commit counts for nothing, and what goes without saying is not said", async () => {
  expect(batchOf(null)).toEqual(OURS);
  const compaction = { ...batchOf(7, { attempt: 3 }), operation: "replace" };
  const foreign = { operation: "append", "added-records": "5" };
  const head = await headOf([compaction, foreign, batchOf(8, { attempt: 3, dropped: 4 }), batchOf(9)]);
  expect(tableCommits(head, 0)).toMatchObject({
    commits: 2,
    overtaken: 2,
    dropped: 4,
    durations: { p50: 8, p99: 9 },
    rows: 0,
  });
});
