/** A satellite as a GSV sentence shows it; without signal when the sky is hidden. */
export interface Satellite {
  readonly prn: number;
  readonly elevationDeg: number;
  readonly azimuthDeg: number;
  readonly signalDb: number | null;
}

/** GPS satellites circle the sky twice a sidereal day; twelve of them are enough for a plausible view. */
const PRNS = [2, 5, 7, 9, 13, 14, 15, 18, 20, 23, 27, 28, 29, 30, 31, 32] as const;
const DEG_PER_S = 360 / 43_082;

/** The first `count` satellites in view, the highest first, drifting slowly with time. */
export const skyAt = (tripS: number, count: number, hidden: boolean): readonly Satellite[] =>
  PRNS.slice(0, count)
    .map((prn, index) => {
      const phase = index * 137.508 + tripS * DEG_PER_S;
      const elevationDeg = Math.round(45 + 38 * Math.sin((phase * Math.PI) / 180));
      return {
        prn,
        elevationDeg,
        azimuthDeg: Math.round((index * 222.5 + tripS * DEG_PER_S * 2) % 360) % 360,
        signalDb: hidden ? null : Math.round(24 + elevationDeg / 4 + (index % 3)),
      };
    })
    .sort((a, b) => b.elevationDeg - a.elevationDeg);
