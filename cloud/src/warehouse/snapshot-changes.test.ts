import { expect, test } from "vitest";
import { DELETES_MANIFEST } from "../lake/manifest-list.ts";
import { currentSnapshot } from "../lake/table-metadata.ts";
import { WrittenLake } from "../testing/written-lake.ts";
import { changesSince, type SnapshotsOfTable } from "./snapshot-changes.ts";

test("snapshots among which another engine's deletes were do not tell what changed, also after its rewrite", async () => {
  await using written = await WrittenLake.open();
  const table = written.lake.tables.gps_data;
  const ids: bigint[] = [];
  for (const seq of [1, 2, 3]) {
    await written.append("gps_data", [
      { vehicle_id: "car-1", boot_id: "b", seq, event_at: "2026-03-01T10:00:00Z" },
    ]);
    const { metadata } = (await table.head()).stored;
    ids.push(currentSnapshot(metadata)?.["snapshot-id"] ?? 0n);
  }
  const [first = 0n, second] = ids;
  const { metadata } = (await table.head()).stored;
  expect((await changesSince(table, metadata, first))?.added.length).toBe(2);
  // As Spark leaves it: a manifest of deletes in one snapshot, and none of it in those behind the rewrite.
  const deleting: SnapshotsOfTable = {
    manifests: {
      entries: (manifest) => table.manifests.entries(manifest),
      list: async (snapshot) => {
        const listed = await table.manifests.list(snapshot);
        if (snapshot["snapshot-id"] !== second) return listed;
        const own = listed.filter((one) => one.added_snapshot_id === second);
        return [...listed, ...own.map((one) => ({ ...one, content: DELETES_MANIFEST }))];
      },
    },
  };
  expect(await changesSince(deleting, metadata, first)).toBeNull();
  expect((await changesSince(deleting, metadata, second ?? null))?.added.length).toBe(1);
});
