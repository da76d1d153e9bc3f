/** A question as people ask it from a SQL client, in words that every engine understands. */
export interface Question {
  readonly title: string;
  /** `lake`: over the streams' tables and their views · `facts`: over what a warehouse computes of them · `loader`: of its loads. */
  readonly over: "lake" | "facts" | "loader";
  readonly sql: string;
}

/** What the seed system's dashboards asked, and what its people look at first. */
export const QUESTIONS: readonly Question[] = [
  {
    title: "Which cars were heard of, when last, and how much?",
    over: "lake",
    sql: `SELECT vehicle_id, MAX(event_at) AS last_heard, COUNT(*) AS readings
FROM gps_data
GROUP BY vehicle_id
ORDER BY last_heard DESC
LIMIT 100`,
  },
  {
    title: "The seed's columns: where were the cars going?",
    over: "lake",
    sql: `SELECT device_id, "timestamp", speed, direction
FROM seed_gps_data
ORDER BY "timestamp" DESC
LIMIT 100`,
  },
  {
    title: "Position, car and weather of the same moment",
    over: "lake",
    sql: `SELECT vehicle_id, event_at, latitude, longitude, speed_kmh, vehicle_engine_rpm, weather_condition, weather_temperature_c
FROM moments
WHERE fix <> 'none'
ORDER BY event_at DESC
LIMIT 100`,
  },
  {
    title: "What was refused, and why?",
    over: "lake",
    sql: `SELECT reason, COUNT(*) AS letters, MAX(received_at) AS last_received
FROM dead_letters
GROUP BY reason
ORDER BY letters DESC`,
  },
  {
    title: "Movement: how much does the fleet drive, hour by hour?",
    over: "facts",
    sql: `SELECT *
FROM movement_by_hour
ORDER BY day DESC, hour DESC
LIMIT 168`,
  },
  {
    title: "Emergency alerts: how many of each kind, and which are not over?",
    over: "facts",
    sql: `SELECT *
FROM emergency_alerts
ORDER BY day DESC, type`,
  },
  {
    title: "Emergencies one after the other",
    over: "facts",
    sql: `SELECT *
FROM emergency_timeline
ORDER BY began_at DESC
LIMIT 100`,
  },
  {
    title: "Weather impact: speed, braking and fuel by condition",
    over: "facts",
    sql: `SELECT *
FROM weather_impact
ORDER BY distance_km DESC`,
  },
  {
    title: "Route optimization: where is it slow, and when?",
    over: "facts",
    sql: `SELECT *
FROM slow_segments
LIMIT 100`,
  },
  {
    title: "Route optimization: when is it best to leave?",
    over: "facts",
    sql: `SELECT *
FROM departure_hours
LIMIT 100`,
  },
  {
    title: "Who drives harshly?",
    over: "facts",
    sql: `SELECT *
FROM harsh_driving
ORDER BY day DESC, vehicle_id
LIMIT 100`,
  },
  {
    title: "The last known state of each car",
    over: "facts",
    sql: `SELECT *
FROM vehicle_last_state
ORDER BY vehicle_id`,
  },
  {
    title: "How far was each table loaded?",
    over: "loader",
    sql: `SELECT table_name, MAX(load_number) AS loads, MAX(loaded_at) AS last_load, SUM(file_rows) AS file_rows
FROM roadstream_loads
GROUP BY table_name
ORDER BY table_name`,
  },
];
