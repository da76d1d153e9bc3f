import type { PlanPoint, RoutePlan, StopKind } from "./route-plan.ts";

/** `latitude, longitude, limit to the next point (km/h), altitude (m), stop`. 113 km/h is Iowa's 70 mph. */
type Row = readonly [number, number, number, number, StopKind?];

/** Waypoints noted by hand along Interstate 80 (Omaha, Nebraska) to Interstate 235 (Des Moines, Iowa). */
const ROWS: readonly Row[] = [
  // Omaha: Farnam Street, then south on 10th and 13th Street.
  [41.2565, -95.9345, 40, 320],
  [41.2574, -95.9312, 40, 318, "light"],
  [41.2575, -95.9284, 48, 312],
  [41.2512, -95.9284, 48, 314, "light"],
  [41.2432, -95.929, 56, 325, "light"],
  [41.2362, -95.9318, 56, 330, "light"],
  [41.2292, -95.9342, 56, 322],
  // Interstate 80 east, over the Missouri into Council Bluffs.
  [41.2262, -95.933, 89, 310],
  [41.2272, -95.9225, 97, 300],
  [41.2296, -95.9118, 97, 298],
  [41.2312, -95.8998, 97, 297],
  [41.2303, -95.8795, 97, 297],
  [41.2268, -95.8562, 97, 297],
  [41.2278, -95.8342, 105, 298],
  [41.2352, -95.8168, 105, 310],
  [41.2482, -95.7945, 105, 335],
  // The Loess Hills, north-east.
  [41.2615, -95.7752, 113, 350],
  [41.2855, -95.7438, 113, 360],
  [41.3205, -95.7012, 113, 355],
  [41.3625, -95.6635, 113, 345],
  [41.4085, -95.6315, 113, 340],
  [41.4468, -95.6118, 113, 345],
  [41.4698, -95.5822, 113, 360],
  [41.4805, -95.5375, 113, 370],
  [41.4968, -95.4905, 113, 380],
  [41.5048, -95.4488, 113, 385],
  [41.5032, -95.4015, 113, 380],
  // Avoca, Walnut, Atlantic.
  [41.4988, -95.3372, 113, 360],
  [41.4978, -95.2765, 113, 385],
  [41.4998, -95.2195, 113, 395],
  [41.4972, -95.1612, 113, 385],
  [41.4978, -95.1065, 113, 370],
  [41.4962, -95.0582, 113, 360],
  [41.497, -95.0078, 113, 365],
  [41.4955, -94.9352, 113, 370],
  [41.4975, -94.8748, 113, 375],
  [41.4968, -94.8215, 113, 390],
  [41.499, -94.7648, 113, 405],
  [41.4982, -94.7052, 113, 420],
  // Adair, the highest point, and the rest area behind it.
  [41.5012, -94.6448, 113, 432],
  [41.4992, -94.5885, 113, 425],
  [41.4962, -94.5602, 113, 418, "rest"],
  [41.4935, -94.5225, 113, 412],
  [41.4948, -94.4565, 113, 400],
  [41.4938, -94.3852, 113, 380],
  // Stuart, Dexter, Earlham, De Soto.
  [41.4912, -94.3188, 113, 368],
  [41.4985, -94.2685, 113, 355],
  [41.5088, -94.2272, 113, 345],
  [41.5178, -94.1782, 113, 335],
  [41.5232, -94.1238, 113, 325],
  [41.5285, -94.0648, 113, 305],
  [41.5372, -94.0085, 113, 275],
  [41.5468, -93.9495, 113, 270],
  [41.5558, -93.8852, 113, 285],
  // West Des Moines, Interstate 235 through the city.
  [41.5598, -93.8365, 105, 290],
  [41.5698, -93.8062, 105, 290],
  [41.5852, -93.7895, 105, 288],
  [41.5932, -93.7742, 97, 286],
  [41.5938, -93.7512, 97, 280],
  [41.5915, -93.7248, 97, 275],
  [41.5922, -93.7018, 97, 270],
  [41.5915, -93.6722, 89, 266],
  [41.5928, -93.6465, 89, 262],
  // Off at East 14th Street, south to Grand Avenue, west over the Des Moines River into downtown.
  [41.5945, -93.6318, 89, 258],
  [41.5962, -93.6128, 72, 254],
  [41.5966, -93.6022, 56, 252],
  [41.5958, -93.5994, 48, 251, "light"],
  [41.5912, -93.5996, 48, 254, "light"],
  [41.5908, -93.6075, 48, 252],
  [41.5893, -93.6152, 48, 246, "light"],
  [41.5878, -93.6202, 40, 246],
  [41.5868, -93.625, 40, 248],
];

/** A street corner is turned within a lane's width or two; an Interstate bends over hundreds of metres. */
const STREET_MAX_KMH = 60;
const STREET_BEND_M = 14;
const HIGHWAY_BEND_M = 900;

const point = (row: Row, index: number): PlanPoint => {
  const before = ROWS[index - 1] ?? row;
  return {
    latitude: row[0],
    longitude: row[1],
    limitKmh: row[2],
    bendRadiusM: Math.min(row[2], before[2]) <= STREET_MAX_KMH ? STREET_BEND_M : HIGHWAY_BEND_M,
    altitudeM: row[3],
    stop: row[4] ?? null,
  };
};

/** The trip of the demonstration: about 220 km, mostly at 113 km/h. */
export const OMAHA_TO_DES_MOINES: RoutePlan = { name: "Omaha NE to Des Moines IA", points: ROWS.map(point) };
