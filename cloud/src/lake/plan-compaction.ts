import type { LiveFile } from "../ports.ts";

/** A compacted file's size; a day's last file may be smaller. */
export const TARGET_FILE_BYTES = 256 * 1024 * 1024;
/** A file of at least this share of the target is left alone. */
const FULL_SHARE = 0.75;
/** Rewriting fewer than this many files of a day gains nothing. */
const MIN_FILES = 2;
/** Files of one rewrite: bounds what one commit replaces and one query opens. */
const MAX_FILES = 1000;

export interface CompactionGroup {
  readonly day: string;
  readonly files: readonly LiveFile[];
}

export interface CompactionLimits {
  /** `YYYY-MM-DD`: only days before this one. */
  readonly before: string;
  readonly targetBytes: number;
}

/** The small files of days that are over, in groups that become one file each; oldest day first. */
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
    .filter((group) => group.files.length >= MIN_FILES);
};

const packed = (files: readonly LiveFile[], targetBytes: number): readonly (readonly LiveFile[])[] => {
  const groups: LiveFile[][] = [];
  let bytes = Infinity;
  for (const file of files) {
    const last = groups.at(-1);
    if (last === undefined || bytes + file.sizeBytes > targetBytes || last.length >= MAX_FILES) {
      groups.push([file]);
      bytes = file.sizeBytes;
    } else {
      last.push(file);
      bytes += file.sizeBytes;
    }
  }
  return groups;
};
