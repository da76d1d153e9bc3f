import type { PartitionRange } from "@roadstream/shared/event-log";

/** Records of a partition that are not landed yet; `next`: where the table reads on, null where it has nothing of it. */
export const recordsBehind = ({ start, end }: PartitionRange, next: number | null): number =>
  Math.max(0, end - Math.max(next ?? 0, start));
