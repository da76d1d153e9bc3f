import type { FuelType, Vehicle } from "./vehicle.ts";

const GRAVITY = 9.81;
const ROLLING_RESISTANCE = 0.01;
const AIR_DENSITY = 1.2;
/** Wheels and shafts must be spun up too. */
const ROTATING_MASS = 1.05;
const DRIVELINE_EFFICIENCY = 0.88;
/** Alternator, pumps, air conditioning. */
const AUXILIARY_KW = 1.1;
/** Friction and pumping as mean effective pressure, and the share of the fuel's heat that becomes indicated work. */
const FRICTION_KPA = 110;
const INDICATED_EFFICIENCY = 0.4;
const VOLUMETRIC_EFFICIENCY = 0.95;
const INTAKE_DENSITY_G_L = 1.18;

/** Heat in kJ and mass in g of a litre, and grams of air that burn with a gram of fuel (diesel runs lean). */
const FUELS: Readonly<Record<FuelType, { kjPerL: number; gramPerL: number; airPerFuel: number }>> = {
  gasoline: { kjPerL: 32_000, gramPerL: 745, airPerFuel: 14.7 },
  diesel: { kjPerL: 35_900, gramPerL: 835, airPerFuel: 24 },
};

/** Power in kW at the wheels to keep the speed and to accelerate; negative when the car slows faster than it would alone. */
export const wheelPowerKw = (vehicle: Vehicle, speedMs: number, accelerationMs2: number): number => {
  const inertia = vehicle.massKg * ROTATING_MASS * accelerationMs2;
  const rolling = speedMs > 0 ? vehicle.massKg * GRAVITY * ROLLING_RESISTANCE : 0;
  const drag = 0.5 * AIR_DENSITY * vehicle.dragAreaM2 * speedMs * speedMs;
  return (speedMs * (inertia + rolling + drag)) / 1000;
};

/** What the driver asks of the engine, 0 to 1 of its power. */
export const demandShare = (vehicle: Vehicle, wheelKw: number): number =>
  Math.min(1, Math.max(0, wheelKw) / DRIVELINE_EFFICIENCY / vehicle.maxPowerKw);

/** The most that the engine can accelerate the car at that speed, on a share of its power. */
export const powerLimitMs2 = (vehicle: Vehicle, speedMs: number, share: number): number => {
  if (speedMs < 1) return Infinity;
  const spareKw = vehicle.maxPowerKw * share * DRIVELINE_EFFICIENCY - wheelPowerKw(vehicle, speedMs, 0);
  return Math.max(0, (spareKw * 1000) / (vehicle.massKg * ROTATING_MASS * speedMs));
};

const RPM_PER_RAD_S = 60 / (2 * Math.PI);

export const coupledRpm = (vehicle: Vehicle, speedMs: number, gear: number): number => {
  const ratio = vehicle.gearRatios[gear - 1] ?? 1;
  return (speedMs / vehicle.tyreRadiusM) * ratio * vehicle.finalDrive * RPM_PER_RAD_S;
};

/** The gearbox's next gear, counted from 1: one step at most, with a gap between up and down so that it does not hunt. */
export const nextGear = (vehicle: Vehicle, gear: number, speedMs: number, demand: number): number => {
  const slow = vehicle.fuelType === "diesel" ? 0.85 : 1;
  const upAt = (1950 + 2900 * demand) * slow;
  const downAt = (1150 + 1300 * demand) * slow;
  const rpm = coupledRpm(vehicle, speedMs, gear);
  if (rpm > upAt && gear < vehicle.gearRatios.length && coupledRpm(vehicle, speedMs, gear + 1) > downAt) {
    return gear + 1;
  }
  return rpm < downAt && gear > 1 ? gear - 1 : gear;
};

export interface EngineState {
  readonly fuelLs: number;
  readonly massAirFlowGS: number;
  readonly loadPct: number;
  readonly throttlePct: number;
}

/** Fuel, air, load and throttle of the running engine (Willans line: indicated work = output + friction). */
export const engineState = (vehicle: Vehicle, wheelKw: number, rpm: number): EngineState => {
  const fuel = FUELS[vehicle.fuelType];
  const outputKw = Math.max(0, wheelKw) / DRIVELINE_EFFICIENCY + AUXILIARY_KW;
  const intakesPerS = rpm / 120;
  const frictionKw = (FRICTION_KPA * vehicle.displacementL * intakesPerS) / 1000;
  const fuelLs = (outputKw + frictionKw) / INDICATED_EFFICIENCY / fuel.kjPerL;
  const massAirFlowGS = fuelLs * fuel.gramPerL * fuel.airPerFuel;
  const boost = vehicle.fuelType === "diesel" ? 2 : 1;
  const mostAirGS = vehicle.displacementL * intakesPerS * INTAKE_DENSITY_G_L * VOLUMETRIC_EFFICIENCY * boost;
  const loadPct = Math.min(100, (100 * massAirFlowGS) / mostAirGS);
  return { fuelLs, massAirFlowGS, loadPct, throttlePct: Math.min(100, 11 + 0.8 * loadPct) };
};

/** Share of the fuel's heat that goes into the cooling water. */
const COOLANT_SHARE = 0.3;
const COOLANT_KJ_PER_K = 45;
const CABIN_LOSS_KW_PER_K = 0.012;
const THERMOSTAT_OPENS_C = 87;
const RADIATOR_KW_PER_K = 6;

/** Coolant temperature after `dtS`: heated by the fuel burnt, held by the thermostat. */
export const nextCoolantC = (
  vehicle: Vehicle,
  coolantC: number,
  ambientC: number,
  fuelLs: number,
  dtS: number,
): number => {
  const heatKw = fuelLs * FUELS[vehicle.fuelType].kjPerL * COOLANT_SHARE;
  const cabinKw = CABIN_LOSS_KW_PER_K * (coolantC - ambientC);
  const radiatorKw = RADIATOR_KW_PER_K * Math.max(0, coolantC - THERMOSTAT_OPENS_C);
  return coolantC + ((heatKw - cabinKw - radiatorKw) * dtS) / COOLANT_KJ_PER_K;
};
