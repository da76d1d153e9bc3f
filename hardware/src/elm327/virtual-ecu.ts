import type { CarState } from "../car-state.ts";
import { PID_ENCODERS } from "./pid-encoders.ts";

/** One control unit on the bus: which part of the car's state it knows, and how it was built. */
export interface EcuProfile {
  /** 0 engine, 1 transmission, … 7: identifier 7E8 + address, or 18DAF110 + address. */
  readonly address: number;
  /** The service 01 PIDs it has, `all`: every one that the car state can fill. */
  readonly pids: readonly number[] | "all";
  readonly tellsVin: boolean;
  readonly tellsCodes: boolean;
  /** False: it ignores a request for more than one PID, as some do against SAE J1979. */
  readonly severalPids: boolean;
}

export const ENGINE_ECU: EcuProfile = {
  address: 0,
  pids: "all",
  tellsVin: true,
  tellsCodes: true,
  severalPids: true,
};
export const TRANSMISSION_ECU: EcuProfile = {
  address: 1,
  pids: [0x01, 0x0c, 0x0d, 0x1f],
  tellsVin: false,
  tellsCodes: true,
  severalPids: true,
};

const LAST_SUPPORT_PID = 0xa0;
const POSITIVE = 0x40;

/** The answer to a request, service first; null: this unit has nothing to say to it. */
export const ecuAnswer = (ecu: EcuProfile, request: Uint8Array, car: CarState): readonly number[] | null => {
  const [service, ...pids] = request;
  if (car.ignition === "off" || service === undefined) return null;
  if (service === 0x01) return currentData(ecu, pids, car);
  if (service === 0x03) return ecu.tellsCodes ? codes(service, car.storedCodes) : null;
  if (service === 0x07) return ecu.tellsCodes ? codes(service, car.pendingCodes) : null;
  if (service === 0x0a) return ecu.tellsCodes ? codes(service, car.permanentCodes) : null;
  if (service === 0x09) return vehicleInformation(ecu, pids, car);
  return null;
};

const currentData = (ecu: EcuProfile, pids: readonly number[], car: CarState): readonly number[] | null => {
  if (pids.length > 1 && !ecu.severalPids) return null;
  const parts = pids.flatMap((pid) => {
    const data = pid % 0x20 === 0 ? supportBits(ecu, pid, car) : dataOf(ecu, pid, car);
    return data === null ? [] : [pid, ...data];
  });
  return parts.length === 0 ? null : [0x01 + POSITIVE, ...parts];
};

const dataOf = (ecu: EcuProfile, pid: number, car: CarState): readonly number[] | null => {
  if (ecu.pids !== "all" && !ecu.pids.includes(pid)) return null;
  return PID_ENCODERS.get(pid)?.(car) ?? null;
};

/** One bit per PID of the next 32; the last says that there are more. Null when there is none and it is not PID 00. */
const supportBits = (ecu: EcuProfile, base: number, car: CarState): readonly number[] | null => {
  const bits = [0, 0, 0, 0];
  const has = [...PID_ENCODERS.keys()].filter((pid) => dataOf(ecu, pid, car) !== null);
  if (base > LAST_SUPPORT_PID || (base > 0 && !has.some((pid) => pid > base))) return null;
  const named = has.some((pid) => pid > base + 0x20) ? [...has, base + 0x20] : has;
  for (const pid of named) {
    const bit = pid - base - 1;
    if (bit >= 0 && bit < 32) bits[bit >> 3] = (bits[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  }
  return bits;
};

const SYSTEMS = "PCBU";

/** SAE J2012: `P0301` is 03 01; the system's letter in the two highest bits. */
const codeBytes = (code: string): readonly number[] => {
  const digits = Number.parseInt(code.slice(1), 16);
  return [(SYSTEMS.indexOf(code.charAt(0)) << 6) | (digits >> 8), digits & 0xff];
};

const codes = (service: number, list: readonly string[]): readonly number[] => [
  service + POSITIVE,
  list.length,
  ...list.flatMap(codeBytes),
];

const vehicleInformation = (
  ecu: EcuProfile,
  pids: readonly number[],
  car: CarState,
): readonly number[] | null => {
  if (!ecu.tellsVin || car.vin === null) return null;
  if (pids[0] === 0x00) return [0x09 + POSITIVE, 0x00, 0x40, 0, 0, 0];
  if (pids[0] !== 0x02) return null;
  return [0x09 + POSITIVE, 0x02, 1, ...new TextEncoder().encode(car.vin)];
};
