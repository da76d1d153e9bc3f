import { seededRandom } from "@roadstream/shared";
import type { CarState } from "../car-state.ts";
import type { Route, RoutePosition } from "../route/route.ts";
import { drive, type DriveResult } from "./drive.ts";
import type { DriveLog } from "./drive-log.ts";
import { drawDriver } from "./driver.ts";
import { Gnss, type GnssEpoch } from "./gnss.ts";
import { planHalts } from "./halts.ts";
import { drawIncidents, type IncidentPlan, type PlannedIncident } from "./incidents.ts";
import { engineState, wheelPowerKw } from "./powertrain.ts";
import { drawVehicle, type Vehicle } from "./vehicle.ts";
import { drawWeather, type Weather, type WeatherAt } from "./weather.ts";

/** The truth of one moment, without any sensor's error. */
export interface TripMoment {
  readonly tripS: number;
  readonly distanceM: number;
  readonly position: RoutePosition;
  readonly speedMs: number;
  readonly accelerationMs2: number;
  readonly rpm: number;
  readonly fuelUsedL: number;
  readonly coolantC: number;
}

/** An incident as it came to pass: the car stood from `activeAtS` to `resolvedAtS`. */
export interface TripIncident extends PlannedIncident {
  readonly activeAtS: number;
  readonly resolvedAtS: number;
}

export interface TripTruth {
  readonly distanceKm: number;
  readonly fuelUsedL: number;
  readonly durationS: number;
}

/** A pending trouble code shows so long before the breakdown. */
const PENDING_S = 120;

/** SAE J1979 service 01 PID 51. */
const FUEL_TYPE_CODES = { gasoline: 1, diesel: 4 } as const;

/** One car, one driver, one road, driven once. All of it follows from seed and route; asking changes nothing. */
export class Trip {
  readonly seed: number;
  readonly route: Route;
  readonly vehicle: Vehicle;
  readonly incidents: readonly TripIncident[];
  readonly gnss: Gnss;
  readonly #log: DriveLog;
  readonly #weather: WeatherAt;

  constructor(options: { seed: number; route: Route; incidents?: IncidentPlan }) {
    const { seed, route } = options;
    // Every part draws from a sequence of its own, so that a change in one leaves the others as they were.
    const part = (index: number) => seededRandom(Math.imul(seed, 0x9e3779b1) + index);
    this.seed = seed;
    this.route = route;
    this.vehicle = drawVehicle(part(1));
    this.#weather = drawWeather(part(2));
    const planned = drawIncidents(part(3), options.incidents ?? "rare", route.lengthM);
    const result = drive({
      route,
      vehicle: this.vehicle,
      driver: drawDriver(part(4), route.lengthM),
      halts: planHalts(part(5), route.stops, planned),
      ambientC: (tripS) => this.#weather(tripS, 0).temperatureC,
    });
    this.#log = result.log;
    this.incidents = incidentsOf(result);
    this.gnss = new Gnss(part(6), this.durationS);
  }

  get durationS(): number {
    return this.#log.durationS;
  }

  /** The truth at any moment; before and after the trip the car stands at its ends. */
  at(tripS: number): TripMoment {
    const step = this.#log.at(tripS);
    return { tripS, ...step, position: this.route.at(step.distanceM) };
  }

  /** Truth from the start up to a moment; the whole trip by default. */
  truth(untilS: number = this.durationS): TripTruth {
    const end = this.#log.at(untilS);
    return {
      distanceKm: end.distanceM / 1000,
      fuelUsedL: end.fuelUsedL,
      durationS: Math.min(untilS, this.durationS),
    };
  }

  weatherAt(tripS: number): Weather {
    return this.#weather(tripS, this.#log.at(tripS).distanceM);
  }

  gnssAt(tripS: number): GnssEpoch {
    return this.gnss.epoch(tripS, this.at(tripS));
  }

  carState(tripS: number): CarState {
    const now = this.#log.at(tripS);
    const { vehicle } = this;
    const engine = engineState(vehicle, wheelPowerKw(vehicle, now.speedMs, now.accelerationMs2), now.rpm);
    const ambientC = this.weatherAt(tripS).temperatureC;
    const codes = (fromS: (incident: TripIncident) => number, untilS: (incident: TripIncident) => number) =>
      this.incidents.flatMap((incident) =>
        incident.troubleCode !== null && tripS >= fromS(incident) && tripS < untilS(incident)
          ? [incident.troubleCode]
          : [],
      );
    const storedCodes = codes(
      ({ activeAtS }) => activeAtS,
      () => Infinity,
    );
    return {
      ignition: "running",
      speedKmh: now.speedMs * 3.6,
      engineRpm: now.rpm,
      engineLoadPct: engine.loadPct,
      throttlePct: engine.throttlePct,
      coolantTempC: now.coolantC,
      intakeAirTempC: ambientC + 3 + 16 / (1 + now.speedMs / 6),
      ambientAirTempC: ambientC,
      massAirFlowGS: engine.massAirFlowGS,
      fuelLevelPct: Math.max(0, (100 * (vehicle.startFuelL - now.fuelUsedL)) / vehicle.tankL),
      fuelRateLH: engine.fuelLs * 3600,
      batteryV: 14.25 - 0.0015 * Math.max(0, now.coolantC) - 0.1 * (engine.loadPct / 100),
      odometerKm: vehicle.startOdometerKm + now.distanceM / 1000,
      runTimeS: Math.min(Math.max(0, tripS), this.durationS),
      milOn: storedCodes.length > 0,
      storedCodes,
      pendingCodes: codes(
        ({ activeAtS }) => activeAtS - PENDING_S,
        ({ activeAtS }) => activeAtS,
      ),
      permanentCodes: [],
      vin: vehicle.vin,
      fuelTypeCode: FUEL_TYPE_CODES[vehicle.fuelType],
    };
  }
}

const incidentsOf = (result: DriveResult): readonly TripIncident[] =>
  result.halts.flatMap(({ halt, stoppedAtS, leftAtS }) =>
    halt.incident === null ? [] : [{ ...halt.incident, activeAtS: stoppedAtS, resolvedAtS: leftAtS }],
  );
