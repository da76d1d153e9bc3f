import type { LiveFile } from "../ports.ts";

/** A compacted file's size; a day's last file may be smaller. */
export const TARGET_FILE_BYTES = 256 * 1024 * 1024;
/** A file of at least this share of the target is left alone. */
const FULL_SHARE = 0.75;
/** Files of one rewrite: bounds what one commit replaces and one query opens. A day of commits each 30 s has 2,880. */
const MAX_FILES = 3000;
/** Targets of one rewrite: bounds its time, and the copies of its files that lie on this machine. */
const MAX_TARGETS = 16;
/** Sizes are known only when a file is finished: files are aimed at this share of the target. */
const AIM = 0.9;

export interface CompactionGroup {
  readonly day: string;
  readonly files: readonly LiveFile[];
}

export interface CompactionLimits {
  /** `YYYY-MM-DD`: only days before this one. */
  readonly before: string;
  readonly targetBytes: number;
}

/** Bytes of each file that files are rewritten to. */
export const aimedBytes = (targetBytes: number): number => targetBytes * AIM;

const bytesOf = (files: readonly LiveFile[]): number => files.reduce((sum, file) => sum + file.sizeBytes, 0);

/** How many files these become. */
export const filesAfter = (files: readonly LiveFile[], targetBytes: number): number => {
  const bytes = bytesOf(files);
  return bytes <= targetBytes ? 1 : Math.ceil(bytes / aimedBytes(targetBytes));
};

/**
 * The small files of days that are over, in groups that each become files sorted one after the other; oldest day first.
 * What would not become fewer files is left alone.
 */
export const planCompaction = (
  files: readonly LiveFile[],
  limits: CompactionLimits,
): readonly CompactionGroup[] => {
  const small = files.filter(
    (file) => file.day < limits.before && file.sizeBytes < limits.targetBytes * FULL_SHARE,
  );
  const byDay = new Map<string, LiveFile[]>();
  for (const file of small.toSorted(
    (a, b) => a.sequenceNumber - b.sequenceNumber || (a.key < b.key ? -1 : 1),
  )) {
    byDay.set(file.day, [...(byDay.get(file.day) ?? []), file]);
  }
  return [...byDay.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([day, ofDay]) => packed(ofDay, limits.targetBytes).map((group) => ({ day, files: group })))
    .filter((group) => group.files.length > filesAfter(group.files, limits.targetBytes));
};

const packed = (files: readonly LiveFile[], targetBytes: number): readonly (readonly LiveFile[])[] => {
  const groups: LiveFile[][] = [];
  let bytes = Infinity;
  for (const file of files) {
    const last = groups.at(-1);
    const isFull = bytes + file.sizeBytes > targetBytes * MAX_TARGETS;
    if (last === undefined || isFull || last.length >= MAX_FILES) {
      groups.push([file]);
      bytes = file.sizeBytes;
    } else {
      last.push(file);
      bytes += file.sizeBytes;
    }
  }
  return groups;
};
