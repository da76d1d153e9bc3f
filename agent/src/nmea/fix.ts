import type { FixKind } from "@roadstream/shared";
import type { Epoch } from "./epoch.ts";
import type { Mode } from "./mode.ts";

/** Where and how fast, in the contract's units. Null where the receiver did not say, all null without a fix. */
export interface Fix {
  readonly kind: FixKind;
  readonly latitude: number | null;
  readonly longitude: number | null;
  readonly altitudeM: number | null;
  readonly speedKmh: number | null;
  readonly headingDeg: number | null;
  readonly satellitesUsed: number | null;
  readonly hdop: number | null;
  /** Why a fix that the receiver claims is not believed: then the kind is none. */
  readonly doubt: "null_island" | null;
}

const KMH_PER_KNOT = 1.852;
/** One part in 1e9 of a degree is 0.1 mm: more digits are noise of the division by 60. */
const DEGREE_STEPS = 1e9;
const SPEED_STEPS = 1e4;

/** Adding 0 turns a negative zero into the usual one. */
const rounded = (value: number, steps: number): number => (Math.round(value * steps) + 0) / steps;

/** How a fix was had; `plain` is autonomous, for which GSA or altitude tell two from three dimensions. */
type Means = "plain" | Exclude<FixKind, "none" | "2d" | "3d">;

/** By GGA's quality, 1..8. */
const BY_QUALITY: readonly (Means | null)[] = [
  null,
  "plain",
  "differential",
  "plain",
  "rtk",
  "rtk",
  "dead_reckoning",
  "manual",
  "simulated",
];

const BY_MODE: Readonly<Record<Exclude<Mode, "not_valid">, Means>> = {
  autonomous: "plain",
  precise: "plain",
  differential: "differential",
  estimated: "dead_reckoning",
  rtk_float: "rtk",
  rtk_fixed: "rtk",
  manual: "manual",
  simulator: "simulated",
};

/**
 * Whether any sentence of the epoch says that there is no fix. One is enough: the others may repeat the last known
 * position, as SiRF does. GSA counts only where every system of the receiver says "no fix" (the epoch keeps the best).
 */
const saysVoid = ({ rmc, gga, gns, gll, gsa }: Epoch): boolean =>
  (rmc !== null && (!rmc.active || rmc.mode === "not_valid")) ||
  (gga !== null && gga.quality === 0) ||
  (gll !== null && (!gll.active || gll.mode === "not_valid")) ||
  (gns !== null && gns.mode === "not_valid") ||
  (gsa !== null && gsa.fix === 1);

/** True when the epoch holds a sentence that speaks about the fix at all; ZDA alone does not. */
export const reportsFix = ({ rmc, gga, gns, gll }: Epoch): boolean =>
  rmc !== null || gga !== null || gns !== null || gll !== null;

/** GGA distinguishes most; the modes come after it, most specific sentence first. */
const meansOf = ({ rmc, gga, gns, gll }: Epoch): Means | null => {
  const byQuality = gga === null || gga.quality === null ? null : (BY_QUALITY[gga.quality] ?? null);
  if (byQuality !== null) return byQuality;
  for (const mode of [gns?.mode, rmc?.mode, gll?.mode]) {
    if (mode !== null && mode !== undefined && mode !== "not_valid") return BY_MODE[mode];
  }
  // Before NMEA 2.3 status A is all that is said.
  return rmc?.active === true || gll?.active === true ? "plain" : null;
};

/** All of an epoch's sentences tell the same position; GGA and GNS commonly with the most digits. */
const positionOf = ({ rmc, gga, gns, gll }: Epoch): { latitude: number; longitude: number } | null => {
  for (const sentence of [gga, gns, rmc, gll]) {
    if (sentence === null) continue;
    const { latitude, longitude } = sentence;
    if (latitude !== null && longitude !== null) {
      return { latitude: rounded(latitude, DEGREE_STEPS), longitude: rounded(longitude, DEGREE_STEPS) };
    }
  }
  return null;
};

const speedOf = ({ rmc, vtg }: Epoch): number | null => {
  const knots = rmc?.speedKnots ?? null;
  if (knots !== null) return rounded(knots * KMH_PER_KNOT, SPEED_STEPS);
  if (vtg === null || vtg.mode === "not_valid") return null;
  if (vtg.speedKmh !== null) return vtg.speedKmh;
  return vtg.speedKnots === null ? null : rounded(vtg.speedKnots * KMH_PER_KNOT, SPEED_STEPS);
};

const kindOf = (means: Means, epoch: Epoch, altitudeM: number | null): FixKind => {
  if (means !== "plain") return means;
  const dimensions = epoch.gsa?.fix ?? null;
  if (dimensions !== null) return dimensions === 3 ? "3d" : "2d";
  return altitudeM === null ? "2d" : "3d";
};

/**
 * Exactly (0, 0): in the sea off Ghana, where no car drives, and what firmware writes that has blanked its position
 * and forgotten its status. A true fix there would show noise in its digits.
 */
const isNullIsland = (position: { latitude: number; longitude: number }): boolean =>
  position.latitude === 0 && position.longitude === 0;

/** What the sentences of one epoch say together. */
export const fixOf = (epoch: Epoch): Fix => {
  const { gga, gns, gsa } = epoch;
  const satellitesUsed = gga?.satellitesUsed ?? gns?.satellitesUsed ?? null;
  const hdop = gga?.hdop ?? gns?.hdop ?? gsa?.hdop ?? null;
  const position = positionOf(epoch);
  const means = saysVoid(epoch) || position === null ? null : meansOf(epoch);
  const doubt = means !== null && position !== null && isNullIsland(position) ? "null_island" : null;
  if (means === null || position === null || doubt !== null) {
    return {
      kind: "none",
      latitude: null,
      longitude: null,
      altitudeM: null,
      speedKmh: null,
      headingDeg: null,
      satellitesUsed,
      hdop,
      doubt,
    };
  }
  const altitudeM = gga?.altitudeM ?? gns?.altitudeM ?? null;
  return {
    kind: kindOf(means, epoch, altitudeM),
    ...position,
    altitudeM,
    speedKmh: speedOf(epoch),
    headingDeg: epoch.rmc?.courseDeg ?? epoch.vtg?.courseDeg ?? null,
    satellitesUsed,
    hdop,
    doubt,
  };
};
