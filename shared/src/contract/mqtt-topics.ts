/** MQTT topics of contract version 1. A vehicle id is checked before it enters a topic, so no wildcard can. */
import { isVehicleId } from "./identity.ts";

const ROOT = "roadstream/v1";

export const uplinkTopic = (vehicleId: string, stream: string): string => `dt/${ROOT}/${vehicleId}/${stream}`;
export const statusTopic = (vehicleId: string): string => `dt/${ROOT}/${vehicleId}/status`;
export const commandTopic = (vehicleId: string, name: string): string => `cmd/${ROOT}/${vehicleId}/${name}`;
export const receiptTopic = (vehicleId: string): string => `ack/${ROOT}/${vehicleId}`;

export type UplinkTopic =
  | { readonly kind: "stream"; readonly vehicleId: string; readonly stream: string }
  | { readonly kind: "status"; readonly vehicleId: string };

const UPLINK = `dt/${ROOT}/`;
const MAX_STREAM = 64;

/** Null when the topic is not an uplink of version 1 with a valid vehicle id; whether the stream exists is not judged. */
export const parseUplinkTopic = (topic: string): UplinkTopic | null => {
  if (!topic.startsWith(UPLINK)) return null;
  const slash = topic.indexOf("/", UPLINK.length);
  const vehicleId = topic.slice(UPLINK.length, Math.max(slash, UPLINK.length));
  const stream = topic.slice(slash + 1);
  if (!isVehicleId(vehicleId) || stream === "" || stream.length > MAX_STREAM || stream.includes("/"))
    return null;
  return stream === "status" ? { kind: "status", vehicleId } : { kind: "stream", vehicleId, stream };
};
