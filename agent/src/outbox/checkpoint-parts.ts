import type { CheckpointBoot } from "@roadstream/shared";

/**
 * Boots said in one checkpoint record, in characters of JSON: half of what an event's detail may hold, so that the
 * quoting of JSON within JSON and the sender's own boot, which the last part adds, fit beside it.
 */
export const MAX_PART_TEXT = 24 * 1024;

/** Splits what is to be said of other boots into as few records as fit the limit; at least one, maybe empty. */
export const checkpointParts = <T extends { readonly said: CheckpointBoot }>(
  boots: readonly T[],
): readonly (readonly T[])[] => {
  const parts: T[][] = [[]];
  let size = 0;
  for (const boot of boots) {
    const length = JSON.stringify(boot.said).length;
    if (size > 0 && size + length > MAX_PART_TEXT) {
      parts.push([]);
      size = 0;
    }
    parts.at(-1)?.push(boot);
    size += length;
  }
  return parts;
};
