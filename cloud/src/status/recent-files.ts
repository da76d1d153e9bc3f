import { columnNamed } from "../lake/iceberg-schema.ts";
import type { LiveEntry } from "../lake/live-files.ts";
import { millisOf } from "../lake/single-value.ts";
import type { TableDefinition, TableHead } from "../ports.ts";
import type { RecentFile } from "./ports.ts";
import type { QueryableTimes } from "./queryable-times.ts";

/** Up to when rows of a file landed, by its own statistics; null where these do not say. */
const lastLandedAt = ({ entry }: LiveEntry, landedAt: number): number | null => {
  const bound = entry.data_file.upper_bounds?.find(({ key }) => key === landedAt)?.value;
  return bound === undefined ? null : millisOf(bound);
};

/**
 * The files that may hold rows that can be queried since then or later. Where a file's statistics do not tell (another
 * engine's), those newer than the newest snapshot before: all of them, when that was expired, as on a busy table it is
 * within the hour.
 */
export const recentFiles = (
  definition: TableDefinition,
  head: TableHead,
  { entries, times }: { readonly entries: readonly LiveEntry[]; readonly times: QueryableTimes },
  since: number,
): readonly RecentFile[] => {
  const before = head.stored.metadata.snapshots
    .filter((one) => one["timestamp-ms"] < since)
    .reduce((sequence, one) => Math.max(sequence, one["sequence-number"]), 0);
  const { id } = columnNamed(definition, "landed_at");
  return entries.flatMap((one) => {
    const last = lastLandedAt(one, id);
    const queryableAt = times.get(one.entry.snapshot_id ?? -1n) ?? null;
    const isRecent =
      last === null ? one.file.sequenceNumber > before : Math.max(last, queryableAt ?? last) >= since;
    return isRecent ? [{ key: one.file.key, queryableAt }] : [];
  });
};
