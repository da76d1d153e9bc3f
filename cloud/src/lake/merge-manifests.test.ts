import { expect, test } from "vitest";
import type { ManifestFile } from "./manifest-list.ts";
import { FULL_MANIFEST_FILES, MERGE_FAN_IN, planMerge } from "./merge-manifests.ts";

const manifest = (files: number, more: Partial<ManifestFile> = {}): ManifestFile => ({
  manifest_path: `m${Math.random()}`,
  manifest_length: 1n,
  partition_spec_id: 0,
  content: 0,
  sequence_number: 1n,
  min_sequence_number: 1n,
  added_snapshot_id: 1n,
  added_files_count: 0,
  existing_files_count: files,
  deleted_files_count: 0,
  added_rows_count: 0n,
  existing_rows_count: 1n,
  deleted_rows_count: 0n,
  partitions: null,
  key_metadata: null,
  ...more,
});

test("100,000 commits of one file list few manifests, and rewrite each file's entry at most four times", () => {
  let list: readonly ManifestFile[] = [];
  let rewritten = 0;
  let most = 0;
  for (let i = 0; i < 100_000; i += 1) {
    const plan = planMerge(list);
    const merged = plan.merged.map((group) => {
      const files = group.reduce((sum, one) => sum + one.existing_files_count, 0);
      rewritten += files;
      return manifest(files);
    });
    list = [manifest(1), ...plan.kept, ...merged];
    most = Math.max(most, list.length);
  }
  expect(list.reduce((sum, one) => sum + one.existing_files_count, 0)).toBe(100_000);
  expect(most).toBeLessThanOrEqual(100_000 / FULL_MANIFEST_FILES + 3 * MERGE_FAN_IN + 1);
  expect(rewritten / 100_000).toBeLessThanOrEqual(4);
});

test("full manifests, deletes and other partition specs are left alone", () => {
  const ten = (one: () => ManifestFile): ManifestFile[] => Array.from({ length: MERGE_FAN_IN }, one);
  for (const list of [
    ten(() => manifest(FULL_MANIFEST_FILES)),
    ten(() => manifest(1, { content: 1 })),
    ten(() => manifest(1, { partition_spec_id: 1 })),
  ]) {
    expect(planMerge(list)).toEqual({ kept: list, merged: [] });
  }
  expect(planMerge(ten(() => manifest(1))).merged.length).toBe(1);
});
