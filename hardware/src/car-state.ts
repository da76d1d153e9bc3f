/**
 * What a car's own computers know at one moment: the joint between whatever drives (the simulator, a test, a
 * recording) and the virtual adapters that speak for it. Units end the names. Null: this car has no such sensor,
 * so an adapter answers as a car without it would.
 */
export interface CarState {
  /** `off`: control units asleep, the bus is silent; `on`: they answer, the engine stands; `running`. */
  readonly ignition: "off" | "on" | "running";
  readonly speedKmh: number;
  readonly engineRpm: number;
  readonly engineLoadPct: number | null;
  readonly throttlePct: number | null;
  readonly coolantTempC: number | null;
  readonly intakeAirTempC: number | null;
  readonly ambientAirTempC: number | null;
  readonly massAirFlowGS: number | null;
  readonly fuelLevelPct: number | null;
  readonly fuelRateLH: number | null;
  /** At the socket's supply pin; an adapter measures it even when the car sleeps. */
  readonly batteryV: number;
  readonly odometerKm: number | null;
  /** Since the engine started; 0 when it does not run. */
  readonly runTimeS: number;
  readonly milOn: boolean;
  /** Codes as printed, e.g. `P0301`: confirmed, pending and permanent. */
  readonly storedCodes: readonly string[];
  readonly pendingCodes: readonly string[];
  readonly permanentCodes: readonly string[];
  /** 17 characters, ISO 3779; null: the car does not tell. */
  readonly vin: string | null;
  /** SAE J1979 service 01 PID 51 value: 1 gasoline, 4 diesel, 8 electric; null: not told. */
  readonly fuelTypeCode: number | null;
}

/** Reads the car as it is now. */
export type ReadCarState = () => CarState;

/** A warm petrol car standing with its engine idling: a starting point for tests, and for anything that varies it. */
export const IDLING_CAR: CarState = {
  ignition: "running",
  speedKmh: 0,
  engineRpm: 780,
  engineLoadPct: 22,
  throttlePct: 14,
  coolantTempC: 89,
  intakeAirTempC: 31,
  ambientAirTempC: 21,
  massAirFlowGS: 3.2,
  fuelLevelPct: 62,
  fuelRateLH: 0.9,
  batteryV: 14.1,
  odometerKm: 48_210.4,
  runTimeS: 640,
  milOn: false,
  storedCodes: [],
  pendingCodes: [],
  permanentCodes: [],
  vin: "1M8GDM9AXKP042788",
  fuelTypeCode: 1,
};
