import { ASSUMPTIONS } from "./assumptions.ts";

export const DAYS = 30;
export const HOURS = 730;
export const GB = 1e9;

export type Assumed = Readonly<Record<keyof typeof ASSUMPTIONS, { readonly value: number }>>;

/** What a fleet makes in a month, in rows, bytes and requests. */
export interface Volumes {
  readonly cars: number;
  /** Hours driven by all cars together. */
  readonly drivingHours: number;
  /** Cars that drive in the busiest hour. */
  readonly carsAtPeak: number;
  readonly rows: number;
  readonly rowsPerSecondAtPeak: number;
  readonly pictures: number;
  readonly upBytes: number;
  readonly downBytes: number;
  readonly logBytes: number;
  readonly logBytesPerSecondAtPeak: number;
  readonly lakeRowBytes: number;
  readonly pictureBytes: number;
  /** Commits of all tables. */
  readonly commits: number;
}

const BASE64 = 4 / 3;

export const volumes = (cars: number, assumed: Assumed = ASSUMPTIONS): Volumes => {
  const a = (name: keyof Assumed): number => assumed[name].value;
  const drivingHours = cars * a("drivingHours") * DAYS;
  const rowsPerHour = a("gps") + a("vehicle") + a("weather") + a("events") + a("pictures");
  const carsAtPeak = Math.min(cars, Math.ceil((cars * a("drivingHours") * a("peak")) / 24));
  const logPerHour = rowsPerHour * a("logBytes") + a("pictures") * a("pictureBytes") * BASE64;
  const pictures = drivingHours * a("pictures");
  // A few cars leave hours in which nothing comes, and nothing is committed.
  const busyHours = Math.min(HOURS, drivingHours);
  return {
    cars,
    drivingHours,
    carsAtPeak,
    rows: drivingHours * rowsPerHour,
    rowsPerSecondAtPeak: (carsAtPeak * rowsPerHour) / 3600,
    pictures,
    upBytes: drivingHours * a("upBytes") + pictures * a("pictureBytes") * a("pictureOverhead"),
    downBytes: drivingHours * a("downBytes"),
    logBytes: drivingHours * logPerHour,
    logBytesPerSecondAtPeak: (carsAtPeak * logPerHour) / 3600,
    lakeRowBytes: drivingHours * rowsPerHour * a("lakeBytes"),
    pictureBytes: pictures * a("pictureBytes"),
    commits: (busyHours * 3600 * a("tables")) / a("commitSeconds"),
  };
};
