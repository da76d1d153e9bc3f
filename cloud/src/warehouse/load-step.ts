import type { LoadFile } from "./load-file.ts";

/** One transaction of a load. */
export interface LoadStep {
  /** Whose rows are merged into the table. */
  readonly files: readonly LoadFile[];
  /** Days of which the files are all that the lake has: rows of them that no file has go. */
  readonly wholeDays: readonly string[];
  /** By how many rows days of the lake changed. */
  readonly days: ReadonlyMap<string, number>;
}

/** So much is read in one transaction; a step has at least one day. */
export interface StepLimits {
  readonly bytes: number;
  readonly files: number;
  /** Each is named in statements, of which the Data API takes 100 KB. */
  readonly days: number;
}

export const STEP_LIMITS: StepLimits = { bytes: 8 * 1024 ** 3, files: 5000, days: 400 };

export interface DayToLoad {
  readonly day: string;
  readonly files: readonly LoadFile[];
  /** Whether the files are all that the lake has of it, to be compared with what the warehouse has. */
  readonly isWhole: boolean;
  /** By how many rows the lake's day changed. */
  readonly change: number;
}

/** Days in order, as many to a transaction as it should read at once; one step without days where there are none. */
export const stepsBySize = (
  days: readonly DayToLoad[],
  limits: StepLimits = STEP_LIMITS,
): readonly LoadStep[] => {
  const groups: DayToLoad[][] = [[]];
  let room = limits;
  for (const one of days) {
    const bytes = one.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const fits = bytes <= room.bytes && one.files.length <= room.files && room.days > 0;
    if (!fits && (groups.at(-1)?.length ?? 0) > 0) {
      groups.push([]);
      room = limits;
    }
    groups.at(-1)?.push(one);
    room = { bytes: room.bytes - bytes, files: room.files - one.files.length, days: room.days - 1 };
  }
  return groups.map((group) => ({
    files: group.flatMap((one) => one.files),
    wholeDays: group.filter(({ isWhole }) => isWhole).map(({ day }) => day),
    days: new Map(group.map(({ day, change }) => [day, change])),
  }));
};
