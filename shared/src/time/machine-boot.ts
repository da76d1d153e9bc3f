/** How far two processes' guesses of one boot may be apart: each half of a rounding, and steps of the wall clock. */
const TOLERANCE_MINUTES = 5;
const GUESS = /^(?<host>.*)-(?<minute>\d{1,10})$/u;
const MAX_HOST = 48;

/** Where nothing names a boot: the host, and the minute of the wall clock in which it began. */
export const guessedMachineBoot = (host: string, bootedAtMs: number): string =>
  `${host.slice(0, MAX_HOST)}-${Math.round(bootedAtMs / 60_000)}`;

/**
 * Whether two names may be of one boot of a machine. A boot that follows another within the tolerance is taken for the
 * same: then what it left behind is waited for, for no longer than that; the other way about, the living were taken for
 * dead.
 */
export const isSameMachineBoot = (one: string, other: string): boolean => {
  if (one === other) return true;
  const [a, b] = [GUESS.exec(one)?.groups, GUESS.exec(other)?.groups];
  if (a === undefined || b === undefined || a["host"] !== b["host"]) return false;
  return Math.abs(Number(a["minute"]) - Number(b["minute"])) <= TOLERANCE_MINUTES;
};
