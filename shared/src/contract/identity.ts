/** The identity of a reading, everywhere: (vehicle_id, boot_id, stream, seq). Everything after the outbox is idempotent on it. */
import { BOOT_ID_PATTERN, VEHICLE_ID_PATTERN } from "./patterns.ts";
import { isStream, type StreamName } from "./streams.ts";

const VEHICLE_ID = new RegExp(`^${VEHICLE_ID_PATTERN}$`);
const BOOT_ID = new RegExp(`^${BOOT_ID_PATTERN}$`);

export const isVehicleId = (text: string): boolean => VEHICLE_ID.test(text);
export const isBootId = (text: string): boolean => BOOT_ID.test(text);
export const isSeq = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 1;

export interface RecordId {
  readonly vehicleId: string;
  readonly bootId: string;
  readonly stream: StreamName;
  readonly seq: number;
}

/** `vehicle/boot/stream/seq` */
export const formatRecordId = (id: RecordId): string => `${id.vehicleId}/${id.bootId}/${id.stream}/${id.seq}`;

export const parseRecordId = (text: string): RecordId | null => {
  const [vehicleId, bootId, stream, seqText, ...rest] = text.split("/");
  if (vehicleId === undefined || bootId === undefined || stream === undefined || seqText === undefined)
    return null;
  const seq = Number(seqText);
  if (rest.length > 0 || !isVehicleId(vehicleId) || !isBootId(bootId) || !isStream(stream)) return null;
  if (!/^[1-9]\d*$/.test(seqText) || !isSeq(seq)) return null;
  return { vehicleId, bootId, stream, seq };
};
