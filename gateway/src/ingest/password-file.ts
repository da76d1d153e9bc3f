import { isVehicleId, RoadstreamError } from "@roadstream/shared";

const LINE = /^([^:]+):([0-9a-f]{64})$/;

/**
 * Lines `VEHICLE_ID:SHA256`, the SHA-256 of the password in lower-case hexadecimal; `#` begins a comment line.
 * Passwords are long random tokens, one per vehicle. Throws `usage`, naming the line and never its text.
 */
export const parsePasswordFile = (text: string): ReadonlyMap<string, string> => {
  const digests = new Map<string, string>();
  text.split(/\r?\n/).forEach((line, index) => {
    if (line.trim() === "" || line.startsWith("#")) return;
    const [, vehicleId, digest] = LINE.exec(line) ?? [];
    if (vehicleId === undefined || digest === undefined || !isVehicleId(vehicleId)) {
      throw new RoadstreamError("usage", `password file, line ${index + 1}: not VEHICLE_ID:SHA256`);
    }
    if (digests.has(vehicleId)) {
      throw new RoadstreamError("usage", `password file, line ${index + 1}: the vehicle stands there twice`);
    }
    digests.set(vehicleId, digest);
  });
  return digests;
};
