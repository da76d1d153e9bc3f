import type { StreamName } from "@roadstream/shared";

/** Values by column, as JSON has them. */
export type StreamValues = Readonly<Record<string, string | number | boolean | null>>;

export interface StreamRow {
  readonly stream: StreamName;
  readonly row: StreamValues;
}

/** A stretch of a drive: so many seconds at that speed, with what is there to tell of it. */
export interface Stretch {
  readonly seconds: number;
  readonly kmh: number;
  /** The receiver has a fix; true by default. */
  readonly gps?: boolean;
  /** The adapter answers; true by default. */
  readonly obd?: boolean;
  readonly engine?: boolean;
  /** The car is moved without driving, and its odometer stands: a ferry, a tow. */
  readonly carried?: boolean;
  /** Litres per hour. */
  readonly fuel?: number;
  readonly heading?: number;
}

export interface DriveOptions {
  readonly vehicle?: string;
  readonly at: string;
  readonly boot?: string;
  /** Seconds between two answers of the adapter. */
  readonly poll?: number;
  /** Seconds between two fixes. */
  readonly fixEvery?: number;
  /** Kilometres east of the meridian, where it begins. */
  readonly fromKm?: number;
  readonly fuelPct?: number;
  readonly unsynced?: { readonly uptimeMs: number; readonly receivedAt: string };
}

const KM_PER_DEGREE = (6371.0088 * Math.PI) / 180;
const EVENT_BOOT = "0190d5e4-7b1a-7abc-8def-0123456789ab";
let sequence = 0;

/** A row as it stands in a stream's table, measured at that time. */
export const streamRow = (
  stream: StreamName,
  vehicle: string,
  at: Date | string,
  own: StreamValues,
): StreamRow => {
  const time = new Date(at).toISOString();
  sequence += 1;
  return {
    stream,
    row: {
      vehicle_id: vehicle,
      boot_id: EVENT_BOOT,
      seq: sequence,
      captured_at: time,
      clock: "gnss",
      uptime_ms: 0,
      machine_boot: "m1",
      received_at: time,
      event_at: time,
      log_partition: 0,
      log_offset: sequence,
      log_appended_at: time,
      landed_at: time,
      ...own,
    },
  };
};

/** The rows of a drive along the equator: a fix each second, the adapter each tenth, at constant speeds. */
export const driveRows = (stretches: readonly Stretch[], options: DriveOptions): readonly StreamRow[] => {
  const { vehicle = "car-1", poll = 10, fixEvery = 1, fromKm = 100, fuelPct = 50 } = options;
  const start = Date.parse(options.at);
  const rows: StreamRow[] = [];
  let second = 0;
  let km = 0;
  let drivenKm = 0;
  for (const stretch of stretches) {
    const {
      seconds,
      kmh,
      gps = true,
      obd = true,
      engine = true,
      carried = false,
      fuel = 6,
      heading = 90,
    } = stretch;
    for (let end = second + seconds; second < end; second += 1) {
      const at = new Date(start + second * 1000);
      const time = options.unsynced === undefined ? {} : unsyncedTime(options.unsynced, second);
      const position = { latitude: 0, longitude: (fromKm + km) / KM_PER_DEGREE };
      const shown = carried ? 0 : kmh;
      if (gps && second % fixEvery === 0)
        rows.push(
          streamRow("gps_data", vehicle, at, {
            fix: "3d",
            ...position,
            speed_kmh: shown,
            heading_deg: shown === 0 ? null : heading,
            ...time,
          }),
        );
      if (obd && second % poll === 0)
        rows.push(
          streamRow("vehicle_data", vehicle, at, {
            ...(gps ? position : {}),
            speed_kmh: shown,
            engine_rpm: engine ? 1500 : 0,
            fuel_rate_l_h: engine ? fuel : 0,
            fuel_level_pct: fuelPct,
            odometer_km: Math.floor((1000 + drivenKm) * 10) / 10,
            ...time,
          }),
        );
      km += kmh / 3600;
      drivenKm += carried ? 0 : kmh / 3600;
    }
  }
  return rows;
};

/** The machine had no clock: rows stand where they were received, and tell only their uptime. */
const unsyncedTime = (
  { uptimeMs, receivedAt }: NonNullable<DriveOptions["unsynced"]>,
  second: number,
): StreamValues => ({
  clock: "unsynced",
  captured_at: null,
  uptime_ms: uptimeMs + second * 1000,
  machine_boot: "m-unsynced",
  received_at: receivedAt,
  event_at: receivedAt,
});
