import type { CarState } from "../car-state.ts";

/** SAE J1979-DA, service 01: what a control unit answers, as data bytes; null: it has no such PID. */
type Encode = (car: CarState) => readonly number[] | null;

const clamp = (value: number, max: number): number => Math.min(max, Math.max(0, Math.round(value)));
const byte = (value: number): readonly number[] => [clamp(value, 0xff)];
const word = (value: number): readonly number[] => {
  const whole = clamp(value, 0xffff);
  return [whole >> 8, whole & 0xff];
};
const long = (value: number): readonly number[] => {
  const whole = clamp(value, 0xffff_ffff);
  return [24, 16, 8, 0].map((shift) => Math.floor(whole / 2 ** shift) % 256);
};

const told = <T>(value: T | null, encode: (value: T) => readonly number[]): readonly number[] | null =>
  value === null ? null : encode(value);
const percent = (value: number): readonly number[] => byte((value * 255) / 100);
const celsius = (value: number): readonly number[] => byte(value + 40);

/** Bit 7 of A: the lamp; the rest of A: how many confirmed codes. B–D: no monitor of a spark-ignition engine pending. */
const monitorStatus: Encode = (car) => [
  (car.milOn ? 0x80 : 0) + Math.min(127, car.storedCodes.length),
  0x07,
  0x65,
  0x00,
];

export const PID_ENCODERS: ReadonlyMap<number, Encode> = new Map<number, Encode>([
  [0x01, monitorStatus],
  [0x04, (car) => told(car.engineLoadPct, percent)],
  [0x05, (car) => told(car.coolantTempC, celsius)],
  [0x0c, (car) => word(car.engineRpm * 4)],
  [0x0d, (car) => byte(car.speedKmh)],
  [0x0f, (car) => told(car.intakeAirTempC, celsius)],
  [0x10, (car) => told(car.massAirFlowGS, (value) => word(value * 100))],
  [0x11, (car) => told(car.throttlePct, percent)],
  [0x1f, (car) => word(car.runTimeS)],
  [0x2f, (car) => told(car.fuelLevelPct, percent)],
  [0x42, (car) => word(car.batteryV * 1000)],
  [0x46, (car) => told(car.ambientAirTempC, celsius)],
  [0x51, (car) => told(car.fuelTypeCode, byte)],
  [0x5e, (car) => told(car.fuelRateLH, (value) => word(value * 20))],
  [0xa6, (car) => told(car.odometerKm, (value) => long(value * 10))],
]);
