/**
 * What gpsd said of a log: its regression output, raw sentences with JSON reports between them.
 *
 * gpsd gathers sentences until it believes that the receiver's cycle is over, and reports then; until it has learned where
 * the cycle ends it reports after every sentence. So the last TPV of an epoch is its verdict on it. A TPV with a `time`
 * names its epoch by that; one without (gpsd leaves it out where it has no fix, or no date yet) belongs to the epoch of the
 * last timed sentence before it.
 */
interface Verdict {
  /** The UTC time field of the epoch, milliseconds since midnight. */
  readonly timeOfDayMs: number;
  readonly hasFix: boolean;
  /** ISO 8601, or null. */
  readonly time: string | null;
  readonly latitude: number | null;
  readonly longitude: number | null;
  readonly speedMps: number | null;
}

interface Tpv {
  readonly class: string;
  readonly mode: number;
  readonly time?: string;
  readonly lat?: number;
  readonly lon?: number;
  readonly speed?: number;
}

const DAY_MS = 86_400_000;
/** Where a sentence has its time; the others have none. */
const TIME_FIELD: Readonly<Record<string, number>> = { RMC: 1, GGA: 1, GNS: 1, GLL: 5, ZDA: 1 };

/** Undefined for a sentence without a time field, null for a blank one. */
const timeOf = (line: string): number | null | undefined => {
  const fields = line.slice(0, line.indexOf("*")).split(",");
  const field = TIME_FIELD[(fields[0] ?? "").slice(3)];
  if (field === undefined) return undefined;
  const text = fields[field] ?? "";
  if (!/^\d{6}(\.\d*)?$/.test(text)) return null;
  const seconds = Number(text.slice(0, 2)) * 3600 + Number(text.slice(2, 4)) * 60 + Number(text.slice(4));
  return Math.round(seconds * 1000);
};

export interface Verdicts {
  /** In order of the log; several where one time of day came more than once. */
  readonly timed: readonly Verdict[];
  /** Whether any report before or without a time had a fix. */
  readonly untimedFix: boolean;
}

export const readVerdicts = (text: string): Verdicts => {
  const timed = new Map<number, Verdict>();
  let epoch: number | null = null;
  let untimedFix = false;
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith("$")) {
      const time = timeOf(line);
      if (time !== undefined) epoch = time;
    }
    if (!line.startsWith('{"class":"TPV"')) continue;
    const tpv = JSON.parse(line) as Tpv;
    const key = tpv.time === undefined ? epoch : Date.parse(tpv.time) % DAY_MS;
    if (key === null) {
      untimedFix ||= tpv.mode >= 2;
      continue;
    }
    timed.set(key, {
      timeOfDayMs: key,
      hasFix: tpv.mode >= 2,
      time: tpv.time ?? null,
      latitude: tpv.lat ?? null,
      longitude: tpv.lon ?? null,
      speedMps: tpv.speed ?? null,
    });
  }
  return { timed: [...timed.values()], untimedFix };
};
