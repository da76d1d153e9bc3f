import type { StreamName } from "@roadstream/shared";
import { BASE, base, type Nearest, type Value, type View } from "./view.ts";

/** The receiver's heading stands for the car's when it is no older than this. */
const HEADING_MAX_AGE_S = 5;

const ID: Value = { kind: "record_id" };
const LOCATION: Value = { kind: "location" };
const GPS: Nearest = { source: "gps", table: "gps_data", maxAgeS: HEADING_MAX_AGE_S };

const seedView = (
  stream: StreamName,
  columns: Readonly<Record<string, Value>>,
  nearest: readonly Nearest[] = [],
): View => ({
  name: `seed_${stream}`,
  doc: `${stream} with the columns that consumers of the seed system expect.`,
  base: stream,
  nearest,
  columns: Object.entries({ id: ID, device_id: base("vehicle_id"), ...columns }).map(([name, value]) => ({
    name,
    value,
  })),
});

/** Exactly the seed system's columns, in its order and spelling. What it made up on every tick is not made up here. */
export const SEED_VIEWS: readonly View[] = [
  seedView(
    "vehicle_data",
    {
      timestamp: base("event_at"),
      location: LOCATION,
      speed: base("speed_kmh"),
      // A car's OBD port knows no heading.
      direction: { kind: "compass", source: GPS.source, column: "heading_deg" },
      make: base("make"),
      model: base("model"),
      year: base("year"),
      fuelType: base("fuel_type"),
    },
    [GPS],
  ),
  seedView("gps_data", {
    timestamp: base("event_at"),
    speed: base("speed_kmh"),
    direction: { kind: "compass", source: BASE, column: "heading_deg" },
    vehicleType: base("vehicle_type"),
  }),
  seedView("traffic_data", {
    camera_id: base("camera_id"),
    timestamp: base("event_at"),
    snapshot: { kind: "object_uri", column: "snapshot_key" },
  }),
  seedView("weather_data", {
    location: LOCATION,
    timestamp: base("event_at"),
    temperature: base("temperature_c"),
    weatherCondition: base("weather_condition"),
    precipitation: base("precipitation_mm_h"),
    windSpeed: base("wind_speed_kmh"),
    humidity: base("humidity_pct"),
    AQI: base("aqi"),
  }),
  seedView("emergency_data", {
    incident_id: base("incident_id"),
    type: base("type"),
    timestamp: base("event_at"),
    location: LOCATION,
    status: base("status"),
    description: base("description"),
  }),
];
