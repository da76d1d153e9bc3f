-- moments, and the seed system's columns. Pictures are named under the lake's address: put yours for s3://BUCKET/lake/. The facts of driving and questions over them: roadstream cloud load.

-- Position, vehicle and weather of the same moment side by side: each row of gps_data with the last values before it.
CREATE OR REPLACE VIEW moments AS
SELECT "base"."vehicle_id" AS "vehicle_id",
  "base"."event_at" AS "event_at",
  "base"."boot_id" AS "boot_id",
  "base"."seq" AS "seq",
  "base"."clock" AS "clock",
  "base"."fix_at" AS "fix_at",
  "base"."fix" AS "fix",
  "base"."latitude" AS "latitude",
  "base"."longitude" AS "longitude",
  "base"."altitude_m" AS "altitude_m",
  "base"."speed_kmh" AS "speed_kmh",
  "base"."heading_deg" AS "heading_deg",
  "base"."satellites_used" AS "satellites_used",
  "base"."hdop" AS "hdop",
  "base"."vehicle_type" AS "vehicle_type",
  CASE WHEN (CAST(DATEDIFF(millisecond, "vehicle"."event_at", "base"."event_at") AS DOUBLE PRECISION) / 1000) <= 10 THEN "vehicle"."speed_kmh" END AS "vehicle_speed_kmh",
  CASE WHEN (CAST(DATEDIFF(millisecond, "vehicle"."event_at", "base"."event_at") AS DOUBLE PRECISION) / 1000) <= 10 THEN "vehicle"."engine_rpm" END AS "vehicle_engine_rpm",
  CASE WHEN (CAST(DATEDIFF(millisecond, "vehicle"."event_at", "base"."event_at") AS DOUBLE PRECISION) / 1000) <= 10 THEN "vehicle"."engine_load_pct" END AS "vehicle_engine_load_pct",
  CASE WHEN (CAST(DATEDIFF(millisecond, "vehicle"."event_at", "base"."event_at") AS DOUBLE PRECISION) / 1000) <= 10 THEN "vehicle"."throttle_pct" END AS "vehicle_throttle_pct",
  CASE WHEN (CAST(DATEDIFF(millisecond, "vehicle"."event_at", "base"."event_at") AS DOUBLE PRECISION) / 1000) <= 10 THEN "vehicle"."coolant_temp_c" END AS "vehicle_coolant_temp_c",
  CASE WHEN (CAST(DATEDIFF(millisecond, "vehicle"."event_at", "base"."event_at") AS DOUBLE PRECISION) / 1000) <= 10 THEN "vehicle"."intake_air_temp_c" END AS "vehicle_intake_air_temp_c",
  CASE WHEN (CAST(DATEDIFF(millisecond, "vehicle"."event_at", "base"."event_at") AS DOUBLE PRECISION) / 1000) <= 10 THEN "vehicle"."ambient_air_temp_c" END AS "vehicle_ambient_air_temp_c",
  CASE WHEN (CAST(DATEDIFF(millisecond, "vehicle"."event_at", "base"."event_at") AS DOUBLE PRECISION) / 1000) <= 10 THEN "vehicle"."mass_air_flow_g_s" END AS "vehicle_mass_air_flow_g_s",
  CASE WHEN (CAST(DATEDIFF(millisecond, "vehicle"."event_at", "base"."event_at") AS DOUBLE PRECISION) / 1000) <= 10 THEN "vehicle"."fuel_level_pct" END AS "vehicle_fuel_level_pct",
  CASE WHEN (CAST(DATEDIFF(millisecond, "vehicle"."event_at", "base"."event_at") AS DOUBLE PRECISION) / 1000) <= 10 THEN "vehicle"."fuel_rate_l_h" END AS "vehicle_fuel_rate_l_h",
  CASE WHEN (CAST(DATEDIFF(millisecond, "vehicle"."event_at", "base"."event_at") AS DOUBLE PRECISION) / 1000) <= 10 THEN "vehicle"."battery_v" END AS "vehicle_battery_v",
  CASE WHEN (CAST(DATEDIFF(millisecond, "vehicle"."event_at", "base"."event_at") AS DOUBLE PRECISION) / 1000) <= 10 THEN "vehicle"."odometer_km" END AS "vehicle_odometer_km",
  CASE WHEN (CAST(DATEDIFF(millisecond, "vehicle"."event_at", "base"."event_at") AS DOUBLE PRECISION) / 1000) <= 10 THEN "vehicle"."run_time_s" END AS "vehicle_run_time_s",
  CASE WHEN (CAST(DATEDIFF(millisecond, "vehicle"."event_at", "base"."event_at") AS DOUBLE PRECISION) / 1000) <= 10 THEN "vehicle"."mil_on" END AS "vehicle_mil_on",
  CASE WHEN (CAST(DATEDIFF(millisecond, "vehicle"."event_at", "base"."event_at") AS DOUBLE PRECISION) / 1000) <= 10 THEN "vehicle"."dtc_codes" END AS "vehicle_dtc_codes",
  CASE WHEN (CAST(DATEDIFF(millisecond, "vehicle"."event_at", "base"."event_at") AS DOUBLE PRECISION) / 1000) <= 10 THEN "vehicle"."vin" END AS "vehicle_vin",
  CASE WHEN (CAST(DATEDIFF(millisecond, "vehicle"."event_at", "base"."event_at") AS DOUBLE PRECISION) / 1000) <= 10 THEN "vehicle"."make" END AS "vehicle_make",
  CASE WHEN (CAST(DATEDIFF(millisecond, "vehicle"."event_at", "base"."event_at") AS DOUBLE PRECISION) / 1000) <= 10 THEN "vehicle"."model" END AS "vehicle_model",
  CASE WHEN (CAST(DATEDIFF(millisecond, "vehicle"."event_at", "base"."event_at") AS DOUBLE PRECISION) / 1000) <= 10 THEN "vehicle"."year" END AS "vehicle_year",
  CASE WHEN (CAST(DATEDIFF(millisecond, "vehicle"."event_at", "base"."event_at") AS DOUBLE PRECISION) / 1000) <= 10 THEN "vehicle"."fuel_type" END AS "vehicle_fuel_type",
  CASE WHEN (CAST(DATEDIFF(millisecond, "vehicle"."event_at", "base"."event_at") AS DOUBLE PRECISION) / 1000) <= 10 THEN (CAST(DATEDIFF(millisecond, "vehicle"."event_at", "base"."event_at") AS DOUBLE PRECISION) / 1000) END AS "vehicle_age_s",
  CASE WHEN (CAST(DATEDIFF(millisecond, "weather"."event_at", "base"."event_at") AS DOUBLE PRECISION) / 1000) <= 1800 THEN "weather"."observed_at" END AS "weather_observed_at",
  CASE WHEN (CAST(DATEDIFF(millisecond, "weather"."event_at", "base"."event_at") AS DOUBLE PRECISION) / 1000) <= 1800 THEN "weather"."station_id" END AS "weather_station_id",
  CASE WHEN (CAST(DATEDIFF(millisecond, "weather"."event_at", "base"."event_at") AS DOUBLE PRECISION) / 1000) <= 1800 THEN "weather"."source" END AS "weather_source",
  CASE WHEN (CAST(DATEDIFF(millisecond, "weather"."event_at", "base"."event_at") AS DOUBLE PRECISION) / 1000) <= 1800 THEN "weather"."temperature_c" END AS "weather_temperature_c",
  CASE WHEN (CAST(DATEDIFF(millisecond, "weather"."event_at", "base"."event_at") AS DOUBLE PRECISION) / 1000) <= 1800 THEN "weather"."weather_condition" END AS "weather_condition",
  CASE WHEN (CAST(DATEDIFF(millisecond, "weather"."event_at", "base"."event_at") AS DOUBLE PRECISION) / 1000) <= 1800 THEN "weather"."precipitation_mm_h" END AS "weather_precipitation_mm_h",
  CASE WHEN (CAST(DATEDIFF(millisecond, "weather"."event_at", "base"."event_at") AS DOUBLE PRECISION) / 1000) <= 1800 THEN "weather"."wind_speed_kmh" END AS "weather_wind_speed_kmh",
  CASE WHEN (CAST(DATEDIFF(millisecond, "weather"."event_at", "base"."event_at") AS DOUBLE PRECISION) / 1000) <= 1800 THEN "weather"."humidity_pct" END AS "weather_humidity_pct",
  CASE WHEN (CAST(DATEDIFF(millisecond, "weather"."event_at", "base"."event_at") AS DOUBLE PRECISION) / 1000) <= 1800 THEN "weather"."aqi" END AS "weather_aqi",
  CASE WHEN (CAST(DATEDIFF(millisecond, "weather"."event_at", "base"."event_at") AS DOUBLE PRECISION) / 1000) <= 1800 THEN (CAST(DATEDIFF(millisecond, "weather"."event_at", "base"."event_at") AS DOUBLE PRECISION) / 1000) END AS "weather_age_s"
FROM gps_data AS "base"
LEFT JOIN (
  SELECT rows_and_next.*, CAST(FLOOR(EXTRACT(EPOCH FROM event_at) / 10) AS BIGINT) + later AS stretch
  FROM (
    SELECT vehicle_data.*, LEAD(event_at) OVER (PARTITION BY vehicle_id ORDER BY event_at, boot_id, seq) AS next_event_at
    FROM vehicle_data
  ) AS rows_and_next
  CROSS JOIN (SELECT 0 AS later UNION ALL SELECT 1 AS later) AS stretches
) AS "vehicle" ON "base".vehicle_id = "vehicle".vehicle_id
  AND CAST(FLOOR(EXTRACT(EPOCH FROM "base".event_at) / 10) AS BIGINT) = "vehicle".stretch
  AND "base".event_at >= "vehicle".event_at
  AND ("vehicle".next_event_at IS NULL OR "base".event_at < "vehicle".next_event_at)
LEFT JOIN (
  SELECT rows_and_next.*, CAST(FLOOR(EXTRACT(EPOCH FROM event_at) / 1800) AS BIGINT) + later AS stretch
  FROM (
    SELECT weather_data.*, LEAD(event_at) OVER (PARTITION BY vehicle_id ORDER BY event_at, boot_id, seq) AS next_event_at
    FROM weather_data
  ) AS rows_and_next
  CROSS JOIN (SELECT 0 AS later UNION ALL SELECT 1 AS later) AS stretches
) AS "weather" ON "base".vehicle_id = "weather".vehicle_id
  AND CAST(FLOOR(EXTRACT(EPOCH FROM "base".event_at) / 1800) AS BIGINT) = "weather".stretch
  AND "base".event_at >= "weather".event_at
  AND ("weather".next_event_at IS NULL OR "base".event_at < "weather".next_event_at);

-- vehicle_data with the columns that consumers of the seed system expect.
CREATE OR REPLACE VIEW seed_vehicle_data AS
SELECT "base"."vehicle_id" || '/' || "base"."boot_id" || '/vehicle_data/' || CAST("base"."seq" AS VARCHAR(20)) AS "id",
  "base"."vehicle_id" AS "device_id",
  "base"."event_at" AS "timestamp",
  '[' || REGEXP_REPLACE(RTRIM(CAST(CAST("base"."latitude" AS DECIMAL(15, 12)) AS VARCHAR(20)), '0'), '[.]$', '.0') || ', ' || REGEXP_REPLACE(RTRIM(CAST(CAST("base"."longitude" AS DECIMAL(15, 12)) AS VARCHAR(20)), '0'), '[.]$', '.0') || ']' AS "location",
  "base"."speed_kmh" AS "speed",
  CASE WHEN (CAST(DATEDIFF(millisecond, "gps"."event_at", "base"."event_at") AS DOUBLE PRECISION) / 1000) <= 5 THEN CASE MOD(CAST(FLOOR(("gps"."heading_deg" + 22.5) / 45) AS INTEGER), 8) WHEN 0 THEN 'North' WHEN 1 THEN 'North-East' WHEN 2 THEN 'East' WHEN 3 THEN 'South-East' WHEN 4 THEN 'South' WHEN 5 THEN 'South-West' WHEN 6 THEN 'West' WHEN 7 THEN 'North-West' END END AS "direction",
  "base"."make" AS "make",
  "base"."model" AS "model",
  "base"."year" AS "year",
  "base"."fuel_type" AS "fuelType"
FROM vehicle_data AS "base"
LEFT JOIN (
  SELECT rows_and_next.*, CAST(FLOOR(EXTRACT(EPOCH FROM event_at) / 5) AS BIGINT) + later AS stretch
  FROM (
    SELECT gps_data.*, LEAD(event_at) OVER (PARTITION BY vehicle_id ORDER BY event_at, boot_id, seq) AS next_event_at
    FROM gps_data
  ) AS rows_and_next
  CROSS JOIN (SELECT 0 AS later UNION ALL SELECT 1 AS later) AS stretches
) AS "gps" ON "base".vehicle_id = "gps".vehicle_id
  AND CAST(FLOOR(EXTRACT(EPOCH FROM "base".event_at) / 5) AS BIGINT) = "gps".stretch
  AND "base".event_at >= "gps".event_at
  AND ("gps".next_event_at IS NULL OR "base".event_at < "gps".next_event_at);

-- gps_data with the columns that consumers of the seed system expect.
CREATE OR REPLACE VIEW seed_gps_data AS
SELECT "base"."vehicle_id" || '/' || "base"."boot_id" || '/gps_data/' || CAST("base"."seq" AS VARCHAR(20)) AS "id",
  "base"."vehicle_id" AS "device_id",
  "base"."event_at" AS "timestamp",
  "base"."speed_kmh" AS "speed",
  CASE MOD(CAST(FLOOR(("base"."heading_deg" + 22.5) / 45) AS INTEGER), 8) WHEN 0 THEN 'North' WHEN 1 THEN 'North-East' WHEN 2 THEN 'East' WHEN 3 THEN 'South-East' WHEN 4 THEN 'South' WHEN 5 THEN 'South-West' WHEN 6 THEN 'West' WHEN 7 THEN 'North-West' END AS "direction",
  "base"."vehicle_type" AS "vehicleType"
FROM gps_data AS "base";

-- traffic_data with the columns that consumers of the seed system expect.
CREATE OR REPLACE VIEW seed_traffic_data AS
SELECT "base"."vehicle_id" || '/' || "base"."boot_id" || '/traffic_data/' || CAST("base"."seq" AS VARCHAR(20)) AS "id",
  "base"."vehicle_id" AS "device_id",
  "base"."camera_id" AS "camera_id",
  "base"."event_at" AS "timestamp",
  's3://BUCKET/lake/' || "base"."snapshot_key" AS "snapshot"
FROM traffic_data AS "base";

-- weather_data with the columns that consumers of the seed system expect.
CREATE OR REPLACE VIEW seed_weather_data AS
SELECT "base"."vehicle_id" || '/' || "base"."boot_id" || '/weather_data/' || CAST("base"."seq" AS VARCHAR(20)) AS "id",
  "base"."vehicle_id" AS "device_id",
  '[' || REGEXP_REPLACE(RTRIM(CAST(CAST("base"."latitude" AS DECIMAL(15, 12)) AS VARCHAR(20)), '0'), '[.]$', '.0') || ', ' || REGEXP_REPLACE(RTRIM(CAST(CAST("base"."longitude" AS DECIMAL(15, 12)) AS VARCHAR(20)), '0'), '[.]$', '.0') || ']' AS "location",
  "base"."event_at" AS "timestamp",
  "base"."temperature_c" AS "temperature",
  "base"."weather_condition" AS "weatherCondition",
  "base"."precipitation_mm_h" AS "precipitation",
  "base"."wind_speed_kmh" AS "windSpeed",
  "base"."humidity_pct" AS "humidity",
  "base"."aqi" AS "AQI"
FROM weather_data AS "base";

-- emergency_data with the columns that consumers of the seed system expect.
CREATE OR REPLACE VIEW seed_emergency_data AS
SELECT "base"."vehicle_id" || '/' || "base"."boot_id" || '/emergency_data/' || CAST("base"."seq" AS VARCHAR(20)) AS "id",
  "base"."vehicle_id" AS "device_id",
  "base"."incident_id" AS "incident_id",
  "base"."type" AS "type",
  "base"."event_at" AS "timestamp",
  '[' || REGEXP_REPLACE(RTRIM(CAST(CAST("base"."latitude" AS DECIMAL(15, 12)) AS VARCHAR(20)), '0'), '[.]$', '.0') || ', ' || REGEXP_REPLACE(RTRIM(CAST(CAST("base"."longitude" AS DECIMAL(15, 12)) AS VARCHAR(20)), '0'), '[.]$', '.0') || ']' AS "location",
  "base"."status" AS "status",
  "base"."description" AS "description"
FROM emergency_data AS "base";
