/** A fleet of which each car drives once a day; so many of a hundred rows are the receiver's, the rest the adapter's. */
export interface Fleet {
  readonly cars: number;
  readonly days: number;
  readonly rows: number;
}

const GPS_SHARE = 0.92;
const POLL_S = 10;
const FIRST_DAY_MS = Date.UTC(2026, 0, 1, 6);
const DAY_MS = 86_400_000;
/** Within ten minutes the car stands for half a one, as at lights; else its speed swings between town and motorway. */
const SPEED = (second: string): string =>
  `CASE WHEN ${second} % 600 < 30 THEN 0 ELSE 60 + 40 * sin(${second} / 30.0 + car) END`;

const common = (every: number): string => {
  const at = `make_timestamptz((${FIRST_DAY_MS} + day * ${DAY_MS} + n * ${every * 1000}) * 1000)`;
  return `'car-' || car AS vehicle_id, '0190d5e4-7b1a-7abc-8def-0123456789ab' AS boot_id, day * 10000000 + n AS seq, 'gnss' AS clock,
    0 AS uptime_ms, 'bench' AS machine_boot, 0 AS log_partition, n AS log_offset,
    ${["captured_at", "received_at", "event_at", "log_appended_at", "landed_at"].map((name) => `${at} AS ${name}`).join(", ")}`;
};

const insert = (
  table: string,
  columns: string,
  { cars, days }: Fleet,
  count: number,
  every: number,
): string =>
  `INSERT INTO ${table} BY NAME SELECT ${common(every)}, ${columns}
  FROM range(${days}) AS d (day), range(${cars}) AS c (car), range(${count}) AS r (n) ORDER BY day, car, n`;

/** The statements that fill the streams' tables, in the order in which days come. */
export const fleetRows = (fleet: Fleet): readonly string[] => {
  const perDrive = Math.floor(fleet.rows / fleet.cars / fleet.days);
  const fixes = Math.floor(perDrive * GPS_SHARE);
  return [
    insert(
      "gps_data",
      `'3d' AS fix, 41 + n * 0.00002 AS latitude, -95 + n * 0.0003 + car AS longitude, ${SPEED("n")} AS speed_kmh,
      90 + 10 * sin(n / 20.0) AS heading_deg`,
      fleet,
      fixes,
      1,
    ),
    insert(
      "vehicle_data",
      `${SPEED(`(n * ${POLL_S})`)} AS speed_kmh, 1500 AS engine_rpm, 5.0 AS fuel_rate_l_h, 60 - n * 0.001 AS fuel_level_pct,
      1000 + day * 1000 + n * 0.16 AS odometer_km, 'gasoline' AS fuel_type`,
      fleet,
      perDrive - fixes,
      POLL_S,
    ),
    insert(
      "weather_data",
      "'nws' AS source, 'rain' AS weather_condition, 2.0 AS precipitation_mm_h",
      fleet,
      Math.ceil(fixes / 1800),
      1800,
    ),
  ];
};
