import { angleDifference, bearingDeg, destination, distanceM, type GeoPoint } from "./earth.ts";

/** Sharper than this is a turn-about: there is no bend that a road could have. */
const MAX_TURN_DEG = 150;
const MIN_TURN_DEG = 0.5;
/** One piece of the bend per so many degrees of turn. */
const DEG_PER_PIECE = 1;

const RAD = Math.PI / 180;

/**
 * The corner at `corner` as a curve: points of a quadratic Bézier curve between its two tangent points. The tangents
 * take at most half of the shorter leg, so neighbouring bends never overlap.
 */
export const roundCorner = (
  before: GeoPoint,
  corner: GeoPoint,
  after: GeoPoint,
  radiusM: number,
): readonly GeoPoint[] => {
  const bearingIn = bearingDeg(corner, before);
  const bearingOut = bearingDeg(corner, after);
  const turnDeg = 180 - Math.abs(angleDifference(bearingIn, bearingOut));
  if (turnDeg < MIN_TURN_DEG || turnDeg > MAX_TURN_DEG) return [corner];
  const room = Math.min(distanceM(before, corner), distanceM(corner, after)) / 2;
  const tangentM = Math.min(radiusM * Math.tan((turnDeg / 2) * RAD), room);
  const pieces = Math.max(2, Math.ceil(turnDeg / DEG_PER_PIECE));
  const points: GeoPoint[] = [];
  for (let piece = 0; piece <= pieces; piece += 1) {
    const u = piece / pieces;
    // De Casteljau on the sphere: first along both tangents, then along the chord between them.
    const a = destination(corner, bearingIn, tangentM * (1 - u));
    const b = destination(corner, bearingOut, tangentM * u);
    points.push(destination(a, bearingDeg(a, b), distanceM(a, b) * u));
  }
  return points;
};
