import { isoTime, unixMillis, type Random } from "@roadstream/shared";

export interface GpsMoment {
  readonly vehicle: string;
  readonly boot: string;
  readonly seq: number;
  /** Unix milliseconds. */
  readonly at: number;
}

/** A car's fix as the gateway writes it into the log: a second of driving is about a metre and a half of noise. */
export const gpsRecord = (
  { vehicle, boot, seq, at }: GpsMoment,
  random: Random,
): { readonly key: string; readonly value: string } => {
  const time = isoTime(unixMillis(at));
  const latitude = (41.25 + seq / 100_000 + random.next() / 1e5).toFixed(7);
  const longitude = (-95.93 + seq / 80_000 + random.next() / 1e5).toFixed(7);
  const value =
    `{"v":1,"vehicle_id":"${vehicle}","boot_id":"${boot}","machine_boot":"bench","received_at":"${time}",` +
    `"sent_uptime_ms":${1_000_200 + seq * 1000},"seq":${seq},"captured_at":"${time}","clock":"gnss",` +
    `"uptime_ms":${1_000_000 + seq * 1000},"fix_at":"${time}","fix":"3d",` +
    `"latitude":${Number(latitude)},"longitude":${Number(longitude)},"altitude_m":${(300 + random.next() * 20).toFixed(1)},` +
    `"speed_kmh":${(90 + random.next() * 20).toFixed(2)},"heading_deg":${(random.next() * 359).toFixed(1)},` +
    `"satellites_used":${8 + (seq % 5)},"hdop":${(0.7 + random.next()).toFixed(2)},"vehicle_type":"car"}`;
  return { key: vehicle, value };
};
