import { OMAHA_TO_DES_MOINES, Route, Trip, type CarState } from "@roadstream/hardware";
import type { Arrival } from "./arrivals.ts";
import type { ReadyLine } from "../processes/start-stage.ts";

/** Mean radius of the earth, and what the receiver's errors (2.4 m in the plane, standard deviation) stay within. */
const EARTH_M = 6_371_000;
const POSITION_ERROR_M = 12;
/** The receiver prints minutes to five decimals. */
const DEGREES_STEP = 1.01 / 60 / 1e5;
/** How long after its moment a sentence may be read, on a busy machine. */
const LATEST_MS = 3000;
/** A value is asked for at most so long before the row that holds it is measured. */
const FAST_AGE_MS = 15_000;
const SLOW_AGE_MS = 45_000;
const LOOK_EVERY_MS = 50;

interface Told {
  readonly of: (car: CarState) => number | null;
  /** Half a step of what the car sends, and what rounding adds. */
  readonly within: number;
  readonly age: "fast" | "slow";
}

const OBD_COLUMNS: Readonly<Record<string, Told>> = {
  speed_kmh: { of: (car) => car.speedKmh, within: 0.51, age: "fast" },
  engine_rpm: { of: (car) => car.engineRpm, within: 0.13, age: "fast" },
  engine_load_pct: { of: (car) => car.engineLoadPct, within: 0.21, age: "fast" },
  throttle_pct: { of: (car) => car.throttlePct, within: 0.21, age: "fast" },
  mass_air_flow_g_s: { of: (car) => car.massAirFlowGS, within: 0.006, age: "fast" },
  fuel_rate_l_h: { of: (car) => car.fuelRateLH, within: 0.026, age: "fast" },
  coolant_temp_c: { of: (car) => car.coolantTempC, within: 0.51, age: "slow" },
  intake_air_temp_c: { of: (car) => car.intakeAirTempC, within: 0.51, age: "slow" },
  ambient_air_temp_c: { of: (car) => car.ambientAirTempC, within: 0.51, age: "slow" },
  fuel_level_pct: { of: (car) => car.fuelLevelPct, within: 0.21, age: "slow" },
  // The control module's answer, or before it the adapter's own, which has one decimal.
  battery_v: { of: (car) => car.batteryV, within: 0.051, age: "slow" },
  odometer_km: { of: (car) => car.odometerKm, within: 0.051, age: "slow" },
  run_time_s: { of: (car) => car.runTimeS, within: 0.51, age: "slow" },
};

/** What the bench's car truly did, and what its receiver said of it, at any moment of its trip. */
export class CarTruth {
  readonly vin: string;
  readonly #trip: Trip;
  readonly #startUtc: number;
  readonly #startUptime: number;

  private constructor(trip: Trip, start: { readonly utc: number; readonly uptime: number }) {
    this.vin = trip.vehicle.vin;
    this.#trip = trip;
    this.#startUtc = start.utc;
    this.#startUptime = start.uptime;
  }

  /** The same trip as the bench's, which follows from its seed, placed where the bench says that it began. */
  static of(bench: ReadyLine, seed: number): CarTruth {
    const trip = new Trip({ seed, route: new Route(OMAHA_TO_DES_MOINES), incidents: "none" });
    if (trip.vehicle.vin !== bench["vin"]) throw new Error("the bench drives another car");
    const utc = Date.parse(String(bench["started_at"]));
    return new CarTruth(trip, { utc, uptime: Number(bench["started_uptime_ms"]) });
  }

  /**
   * What a row of gps_data says that the receiver did not say, or that is not so; and the columns that it leaves blank
   * though the receiver filled them.
   */
  judgeGps(row: Arrival): { readonly wrong: readonly string[]; readonly blank: readonly string[] } {
    const wrong: string[] = [];
    const blank: string[] = [];
    if (row["fix_at"] === null) {
      if (row["latitude"] !== null) wrong.push("a position without a time");
      return { wrong, blank };
    }
    const tripS = (Date.parse(String(row["fix_at"])) - this.#startUtc) / 1000;
    const { solution } = this.#trip.gnssAt(tripS);
    const lateMs = row.uptime_ms - this.#startUptime - tripS * 1000;
    if (!Number.isInteger(tripS)) wrong.push("no epoch of the receiver");
    if (lateMs < 0 || lateMs > LATEST_MS) wrong.push(`measured ${lateMs} ms after its moment`);
    if (solution === null) {
      const empty = row["fix"] === "none" && row["latitude"] === null && row["longitude"] === null;
      if (!empty) wrong.push("a fix where the receiver had none");
      return { wrong, blank };
    }
    const near = (column: string, truth: number | null, within: number): void => {
      const said = row[column];
      if (said === null && truth !== null) blank.push(column);
      else if (said !== truth && !(Math.abs(Number(said) - Number(truth)) <= within))
        wrong.push(`${column} is ${String(said)}, the receiver said ${String(truth)}`);
    };
    if (row["fix"] !== solution.fix) wrong.push(`fix is ${String(row["fix"])}, not ${solution.fix}`);
    near("latitude", solution.latitude, DEGREES_STEP);
    near("longitude", solution.longitude, DEGREES_STEP);
    near("altitude_m", solution.altitudeM, 0.051);
    near("speed_kmh", solution.speedMs * 3.6, 0.01);
    near("heading_deg", solution.courseDeg, 0.0051);
    near("satellites_used", solution.satellitesUsed, 0);
    near("hdop", solution.hdop, 0.0051);
    const offM = this.#metresFromTheCar(tripS, Number(row["latitude"]), Number(row["longitude"]));
    if (offM > POSITION_ERROR_M) wrong.push(`${offM.toFixed(1)} m from where the car was`);
    return { wrong, blank };
  }

  /** What is wrong with a row of vehicle_data, the last one before it having been measured at `before`. */
  faultsOfObd(row: Arrival, before: number): readonly string[] {
    const faults = Object.entries(OBD_COLUMNS).flatMap(([column, told]) => {
      const said = row[column];
      if (said === null) return [];
      const since =
        told.age === "fast" ? Math.max(before, row.uptime_ms - FAST_AGE_MS) : row.uptime_ms - SLOW_AGE_MS;
      const truths = this.#carBetween(since, row.uptime_ms).map((car) => told.of(car) ?? Number.NaN);
      const [least, most] = [Math.min(...truths) - told.within, Math.max(...truths) + told.within];
      const isTrue = typeof said === "number" && said >= least && said <= most;
      return isTrue ? [] : [`${column} is ${String(said)}, not within ${least} … ${most}`];
    });
    if (row["vin"] !== null && row["vin"] !== this.vin) faults.push(`vin is ${String(row["vin"])}`);
    if (row["mil_on"] === true || (row["dtc_codes"] ?? "") !== "")
      faults.push("trouble that the car has not");
    return faults;
  }

  /** The times of the receiver's epochs between two moments. */
  epochsBetween(from: number, to: number): readonly string[] {
    const first = Math.ceil((from - this.#startUptime) / 1000);
    const last = Math.floor((to - this.#startUptime) / 1000);
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) =>
      new Date(this.#startUtc + (first + index) * 1000).toISOString(),
    );
  }

  #carBetween(from: number, to: number): readonly CarState[] {
    const states: CarState[] = [];
    const start = Math.max(0, from - this.#startUptime);
    const end = to - this.#startUptime;
    for (let at = start; at < end; at += LOOK_EVERY_MS) states.push(this.#trip.carState(at / 1000));
    return [...states, this.#trip.carState(end / 1000)];
  }

  #metresFromTheCar(tripS: number, latitude: number, longitude: number): number {
    const { position } = this.#trip.at(tripS);
    const radians = Math.PI / 180;
    const north = (latitude - position.latitude) * radians * EARTH_M;
    const east = (longitude - position.longitude) * radians * EARTH_M * Math.cos(position.latitude * radians);
    return Math.hypot(north, east);
  }
}
