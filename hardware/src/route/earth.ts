/** Mean Earth radius of WGS84, (2a + b) / 3, in metres: distances along a road need no ellipsoid. */
const EARTH_RADIUS_M = 6_371_008.8;

export interface GeoPoint {
  readonly latitude: number;
  readonly longitude: number;
}

const RAD = Math.PI / 180;

/** Difference of two angles in degrees, in [-180, 180). */
export const angleDifference = (to: number, from: number): number =>
  ((((to - from + 180) % 360) + 360) % 360) - 180;

/** Great-circle distance in metres (haversine: stays exact for points a few centimetres apart). */
export const distanceM = (a: GeoPoint, b: GeoPoint): number => {
  const sinLat = Math.sin(((b.latitude - a.latitude) * RAD) / 2);
  const sinLon = Math.sin(((b.longitude - a.longitude) * RAD) / 2);
  const h = sinLat * sinLat + Math.cos(a.latitude * RAD) * Math.cos(b.latitude * RAD) * sinLon * sinLon;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(h)));
};

/** Initial great-circle bearing from `a` to `b`, degrees clockwise from north, [0, 360). */
export const bearingDeg = (a: GeoPoint, b: GeoPoint): number => {
  const phiA = a.latitude * RAD;
  const phiB = b.latitude * RAD;
  const lambda = (b.longitude - a.longitude) * RAD;
  const y = Math.sin(lambda) * Math.cos(phiB);
  const x = Math.cos(phiA) * Math.sin(phiB) - Math.sin(phiA) * Math.cos(phiB) * Math.cos(lambda);
  return (Math.atan2(y, x) / RAD + 360) % 360;
};

/** The point `metres` away from `from` along the great circle that starts at `bearing`. */
export const destination = (from: GeoPoint, bearing: number, metres: number): GeoPoint => {
  const delta = metres / EARTH_RADIUS_M;
  const phi = from.latitude * RAD;
  const theta = bearing * RAD;
  const sinPhi = Math.sin(phi) * Math.cos(delta) + Math.cos(phi) * Math.sin(delta) * Math.cos(theta);
  const y = Math.sin(theta) * Math.sin(delta) * Math.cos(phi);
  const x = Math.cos(delta) - Math.sin(phi) * sinPhi;
  return {
    latitude: Math.asin(Math.max(-1, Math.min(1, sinPhi))) / RAD,
    longitude: angleDifference(from.longitude + Math.atan2(y, x) / RAD, 0),
  };
};

/** `from` moved by metres east and north: for errors of some metres, where the plane is exact enough. */
export const offsetM = (from: GeoPoint, eastM: number, northM: number): GeoPoint => ({
  latitude: from.latitude + northM / EARTH_RADIUS_M / RAD,
  longitude: from.longitude + eastM / (EARTH_RADIUS_M * Math.cos(from.latitude * RAD)) / RAD,
});
