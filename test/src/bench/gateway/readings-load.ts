import {
  buildPayload,
  isoTime,
  seededRandom,
  unixMillis,
  uplinkTopic,
  uuidV7,
  type Zstd,
} from "@roadstream/shared";
import type { LoadClient } from "./publish-load.ts";

/** When the first reading was captured. */
export const LOAD_START = Date.UTC(2026, 2, 14, 12);

/** gps_data as agents send it: one reading a second, `perPublish` in each payload. `fleet` begins the vehicles' names. */
export const gpsLoad = (options: {
  fleet: string;
  clients: number;
  readings: number;
  perPublish: number;
  zstd: Zstd | null;
  seed: number;
}): readonly LoadClient[] => {
  const random = seededRandom(options.seed);
  const decimals = (value: number, digits: number): number => Number(value.toFixed(digits));
  const record = (seq: number): string => {
    const at = isoTime(unixMillis(LOAD_START + seq * 1000));
    return JSON.stringify({
      seq,
      captured_at: at,
      clock: "gnss",
      clock_error_ms: 25,
      uptime_ms: 100_000 + seq * 1000,
      fix_at: at,
      fix: "3d",
      latitude: decimals(41.2565 + seq / 1e5 + random.next() / 1e5, 7),
      longitude: decimals(-95.9345 + seq / 1e4 + random.next() / 1e5, 7),
      altitude_m: decimals(300 + random.next() * 20, 1),
      speed_kmh: decimals(80 + random.next() * 30, 2),
      heading_deg: decimals(random.next() * 360, 1),
      satellites_used: 8 + (seq % 5),
      hdop: decimals(0.7 + random.next(), 2),
    });
  };
  return Array.from({ length: options.clients }, (_, number) => {
    const vehicleId = `${options.fleet}-${number + 1}`;
    const bootId = uuidV7(unixMillis(LOAD_START), random);
    const share = Math.floor(options.readings / options.clients / options.perPublish);
    const payloads = Array.from({ length: share }, (_, batch) => {
      const firstSeq = batch * options.perPublish + 1;
      const lastSeq = firstSeq + options.perPublish - 1;
      const header = {
        vehicleId,
        bootId,
        stream: "gps_data",
        firstSeq,
        lastSeq,
        sentUptimeMs: 100_500 + lastSeq * 1000,
        machineBoot: "5f6d9a1e-0d5c-4a8e-9d55-3a8d1f6f2b11",
        agent: "0.1.0",
      } as const;
      return buildPayload(
        header,
        Array.from({ length: options.perPublish }, (_, i) => record(firstSeq + i)),
        options.zstd,
      );
    });
    return { clientId: vehicleId, topic: uplinkTopic(vehicleId, "gps_data"), payloads };
  });
};
