import { RoadstreamError } from "@roadstream/shared";
import type { Route } from "../route/route.ts";
import { DriveLog } from "./drive-log.ts";
import { EMERGENCY_BRAKING_MS2, MAX_BRAKING_MS2, type Driver } from "./driver.ts";
import type { Halt } from "./halts.ts";
import { coupledRpm, demandShare, engineState, nextCoolantC, nextGear } from "./powertrain.ts";
import { powerLimitMs2, wheelPowerKw } from "./powertrain.ts";
import { SpeedProfile } from "./speed-profile.ts";
import type { Vehicle } from "./vehicle.ts";

export const STEP_S = 0.1;
/** A car that has not arrived by then never will: the plan or this program is wrong. */
const MAX_STEPS = 10_000_000;

/** A normal driver uses this share of the engine's power. */
const POWER_SHARE = 0.65;
/** How fast the last difference to the wanted speed is closed. */
const SETTLE_S = 1.5;
/** How the engine's speed follows the wheels while a clutch or converter slips. */
const RPM_LAG_S = 0.35;
/** Closer than this, at less than that, the car stands. */
const STOPPED_WITHIN_M = 0.05;
const STOPPED_BELOW_MS = 0.3;
/** The engine runs a moment before the car moves off, and after it has arrived. */
const START_DWELL_S = 6;
const ARRIVAL_DWELL_S = 5;

interface HaltRecord {
  readonly halt: Halt;
  readonly stoppedAtS: number;
  readonly leftAtS: number;
}

export interface DriveResult {
  readonly log: DriveLog;
  /** When the car stood at each halt, in order. */
  readonly halts: readonly HaltRecord[];
}

interface DriveInput {
  readonly route: Route;
  readonly vehicle: Vehicle;
  readonly driver: Driver;
  readonly halts: readonly Halt[];
  readonly ambientC: (tripS: number) => number;
}

/** The speed after one step with which constant braking still stops within `leftM`, by v² = 2·b·s of what is left then. */
const stoppingSpeed = (speedMs: number, leftM: number, brakingMs2: number): number => {
  const half = brakingMs2 * STEP_S;
  const left = Math.max(0, leftM - (speedMs * STEP_S) / 2);
  return (Math.sqrt(half * half + 8 * brakingMs2 * left) - half) / 2;
};

/** Engine and gearbox follow what the wheels do; carries the state that they have between steps. */
class Engine {
  readonly #vehicle: Vehicle;
  #gear = 1;
  #rpm: number;
  #fuelUsedL = 0;
  #coolantC: number;

  constructor(vehicle: Vehicle, ambientC: number) {
    this.#vehicle = vehicle;
    this.#rpm = vehicle.idleRpm;
    this.#coolantC = vehicle.startCoolantC ?? ambientC;
  }

  get state(): { rpm: number; fuelUsedL: number; coolantC: number } {
    return { rpm: this.#rpm, fuelUsedL: this.#fuelUsedL, coolantC: this.#coolantC };
  }

  step(speedMs: number, accelerationMs2: number, ambientC: number): void {
    const wheelKw = wheelPowerKw(this.#vehicle, speedMs, accelerationMs2);
    this.#gear = nextGear(this.#vehicle, this.#gear, speedMs, demandShare(this.#vehicle, wheelKw));
    const target = Math.max(this.#vehicle.idleRpm, coupledRpm(this.#vehicle, speedMs, this.#gear));
    this.#rpm += ((target - this.#rpm) * STEP_S) / RPM_LAG_S;
    const { fuelLs } = engineState(this.#vehicle, wheelKw, this.#rpm);
    this.#fuelUsedL += fuelLs * STEP_S;
    this.#coolantC = nextCoolantC(this.#vehicle, this.#coolantC, ambientC, fuelLs, STEP_S);
  }
}

/** Where the next halt is and how long the car still stands at this one. */
class HaltPlan {
  readonly #halts: readonly Halt[];
  readonly records: HaltRecord[] = [];
  #next = 0;
  #dwellS = START_DWELL_S;
  #emergency = false;

  constructor(halts: readonly Halt[]) {
    this.#halts = halts;
  }

  get standing(): boolean {
    return this.#dwellS > 0;
  }

  /** An accident braked for since its place was passed; stays until the car stands. */
  emergencyAt(atM: number): boolean {
    const halt = this.#halts[this.#next];
    if (halt !== undefined && !halt.foreseen && atM >= halt.atM) this.#emergency = true;
    return this.#emergency;
  }

  /** The next place to stop at that can be seen coming; the destination when there is no other. */
  nextStopM(destinationM: number): number {
    return this.#halts.slice(this.#next).find((halt) => halt.foreseen)?.atM ?? destinationM;
  }

  arrive(tripS: number): boolean {
    const halt = this.#halts[this.#next];
    if (halt === undefined) return false;
    this.#next += 1;
    this.#emergency = false;
    this.#dwellS = halt.dwellS;
    this.records.push({ halt, stoppedAtS: tripS, leftAtS: tripS + Math.ceil(halt.dwellS / STEP_S) * STEP_S });
    return true;
  }

  wait(): void {
    this.#dwellS -= STEP_S;
  }
}

/** Drives the whole road by fixed steps: longitudinal motion first, the engine after it. */
export const drive = (input: DriveInput): DriveResult => {
  const { route, vehicle, driver } = input;
  const profile = new SpeedProfile(route, driver.brakingMs2);
  const log = new DriveLog(STEP_S);
  const plan = new HaltPlan(input.halts);
  const engine = new Engine(vehicle, input.ambientC(0));
  let atM = 0;
  let speedMs = 0;
  let arrivedS: number | null = null;
  log.push({ distanceM: atM, speedMs, ...engine.state });
  for (let step = 1; step <= MAX_STEPS; step += 1) {
    const tripS = step * STEP_S;
    let next = 0;
    if (plan.standing) plan.wait();
    else if (arrivedS === null) {
      const stopM = plan.nextStopM(route.lengthM);
      const emergency = plan.emergencyAt(atM);
      next = emergency
        ? Math.max(0, speedMs - EMERGENCY_BRAKING_MS2 * STEP_S)
        : nextSpeed({ profile, driver, vehicle, atM, speedMs, leftM: stopM - atM });
      const here = emergency ? next === 0 : stopM - atM < STOPPED_WITHIN_M && speedMs < STOPPED_BELOW_MS;
      if (here) {
        next = 0;
        if (!plan.arrive(tripS)) arrivedS = tripS;
      }
    }
    const accelerationMs2 = (next - speedMs) / STEP_S;
    atM += ((speedMs + next) / 2) * STEP_S;
    speedMs = next;
    engine.step(speedMs, accelerationMs2, input.ambientC(tripS));
    log.push({ distanceM: atM, speedMs, ...engine.state });
    if (arrivedS !== null && tripS - arrivedS >= ARRIVAL_DWELL_S) return { log, halts: plan.records };
  }
  throw new RoadstreamError("invariant", `the car did not arrive within ${MAX_STEPS} steps on ${route.name}`);
};

/** The speed after the next step: towards what is allowed there, within what driver, engine and brakes can do. */
const nextSpeed = (now: {
  profile: SpeedProfile;
  driver: Driver;
  vehicle: Vehicle;
  atM: number;
  speedMs: number;
  leftM: number;
}): number => {
  const { driver, vehicle, speedMs } = now;
  const cruise = now.profile.at(now.atM + speedMs * STEP_S) * driver.cruiseShare(now.atM);
  const allowed = Math.min(cruise, stoppingSpeed(speedMs, now.leftM, driver.brakingMs2));
  if (allowed <= speedMs) return Math.max(allowed, speedMs - MAX_BRAKING_MS2 * STEP_S, 0);
  const most = Math.min(driver.accelerationMs2, powerLimitMs2(vehicle, speedMs, POWER_SHARE));
  const gentle = Math.min(most, (allowed - speedMs) / SETTLE_S + 0.02);
  return Math.min(allowed, speedMs + gentle * STEP_S);
};
