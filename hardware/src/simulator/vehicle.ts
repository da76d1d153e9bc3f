import { randomBelow, type Random } from "@roadstream/shared";
import { makeVin } from "./vin.ts";

export type FuelType = "gasoline" | "diesel";

/** One kind of car as its maker builds it. */
interface VehicleModel {
  readonly make: string;
  readonly model: string;
  /** World manufacturer identifier: the VIN's first three characters. */
  readonly maker: string;
  readonly vehicleType: string;
  readonly fuelType: FuelType;
  readonly massKg: number;
  /** Drag coefficient times frontal area. */
  readonly dragAreaM2: number;
  readonly displacementL: number;
  readonly maxPowerKw: number;
  readonly tankL: number;
  readonly tyreRadiusM: number;
  readonly gearRatios: readonly number[];
  readonly finalDrive: number;
  readonly idleRpm: number;
}

/** One car of that kind, as it stands at the start of a trip. */
export interface Vehicle extends VehicleModel {
  readonly vin: string;
  readonly year: number;
  readonly startOdometerKm: number;
  readonly startFuelL: number;
  readonly startCoolantC: number | null;
}

const SIX_SPEED = [4.58, 2.96, 1.91, 1.45, 1, 0.75] as const;
const EIGHT_SPEED = [4.71, 3.14, 2.11, 1.67, 1.29, 1, 0.84, 0.67] as const;

/** Figures of the size that such cars have; none is a maker's data sheet. */
const MODELS: readonly VehicleModel[] = [
  {
    make: "Toyota",
    model: "Camry",
    maker: "4T1",
    vehicleType: "sedan",
    fuelType: "gasoline",
    massKg: 1610,
    dragAreaM2: 0.63,
    displacementL: 2.5,
    maxPowerKw: 151,
    tankL: 60,
    tyreRadiusM: 0.33,
    gearRatios: EIGHT_SPEED,
    finalDrive: 2.8,
    idleRpm: 680,
  },
  {
    make: "Honda",
    model: "Civic",
    maker: "2HG",
    vehicleType: "sedan",
    fuelType: "gasoline",
    massKg: 1400,
    dragAreaM2: 0.6,
    displacementL: 2,
    maxPowerKw: 118,
    tankL: 47,
    tyreRadiusM: 0.32,
    gearRatios: SIX_SPEED,
    finalDrive: 3.2,
    idleRpm: 720,
  },
  {
    make: "Ford",
    model: "F-150",
    maker: "1FT",
    vehicleType: "pickup",
    fuelType: "gasoline",
    massKg: 2150,
    dragAreaM2: 1.15,
    displacementL: 3.5,
    maxPowerKw: 224,
    tankL: 87,
    tyreRadiusM: 0.39,
    gearRatios: SIX_SPEED,
    finalDrive: 3.55,
    idleRpm: 640,
  },
  {
    make: "Chevrolet",
    model: "Colorado",
    maker: "1GC",
    vehicleType: "pickup",
    fuelType: "diesel",
    massKg: 2080,
    dragAreaM2: 1.02,
    displacementL: 2.8,
    maxPowerKw: 135,
    tankL: 79,
    tyreRadiusM: 0.38,
    gearRatios: SIX_SPEED,
    finalDrive: 3.42,
    idleRpm: 720,
  },
  {
    make: "Subaru",
    model: "Outback",
    maker: "4S4",
    vehicleType: "suv",
    fuelType: "gasoline",
    massKg: 1700,
    dragAreaM2: 0.78,
    displacementL: 2.5,
    maxPowerKw: 136,
    tankL: 70,
    tyreRadiusM: 0.35,
    gearRatios: SIX_SPEED,
    finalDrive: 3.3,
    idleRpm: 700,
  },
  {
    make: "Volkswagen",
    model: "Passat",
    maker: "1VW",
    vehicleType: "sedan",
    fuelType: "diesel",
    massKg: 1560,
    dragAreaM2: 0.63,
    displacementL: 2,
    maxPowerKw: 104,
    tankL: 70,
    tyreRadiusM: 0.33,
    gearRatios: SIX_SPEED,
    finalDrive: 2.9,
    idleRpm: 780,
  },
];

const FIRST_YEAR = 2014;
const LAST_YEAR = 2025;

/** A car of the fleet, drawn from its seed. Half of them start warm. */
export const drawVehicle = (random: Random): Vehicle => {
  const model = MODELS[randomBelow(random, MODELS.length)] ?? MODELS[0];
  if (model === undefined) throw new RangeError("no vehicle models");
  const year = FIRST_YEAR + randomBelow(random, LAST_YEAR - FIRST_YEAR + 1);
  return {
    ...model,
    year,
    vin: makeVin(random, model.maker, year),
    startOdometerKm: Math.round((LAST_YEAR + 1 - year) * 18_000 * (0.4 + random.next()) * 10) / 10,
    startFuelL: model.tankL * (0.6 + 0.38 * random.next()),
    startCoolantC: random.next() < 0.5 ? null : 60 + 20 * random.next(),
  };
};
