-- The streams' copies and the loader's own tables. roadstream cloud load makes them, and the tables of facts, by itself.

CREATE TABLE IF NOT EXISTS "gps_data" (
  "vehicle_id" VARCHAR NOT NULL,
  "boot_id" VARCHAR NOT NULL,
  "seq" BIGINT NOT NULL,
  "captured_at" TIMESTAMPTZ,
  "clock" VARCHAR NOT NULL,
  "clock_error_ms" DOUBLE,
  "uptime_ms" BIGINT NOT NULL,
  "machine_boot" VARCHAR NOT NULL,
  "received_at" TIMESTAMPTZ NOT NULL,
  "event_at" TIMESTAMPTZ NOT NULL,
  "log_partition" INTEGER NOT NULL,
  "log_offset" BIGINT NOT NULL,
  "log_appended_at" TIMESTAMPTZ NOT NULL,
  "landed_at" TIMESTAMPTZ NOT NULL,
  "fix_at" TIMESTAMPTZ,
  "fix" VARCHAR NOT NULL,
  "latitude" DOUBLE,
  "longitude" DOUBLE,
  "altitude_m" DOUBLE,
  "speed_kmh" DOUBLE,
  "heading_deg" DOUBLE,
  "satellites_used" INTEGER,
  "hdop" DOUBLE,
  "vehicle_type" VARCHAR
);

COMMENT ON TABLE "gps_data" IS 'One row per epoch of the GNSS receiver, also without a fix.';

COMMENT ON COLUMN "gps_data"."vehicle_id" IS 'The vehicle: MQTT client id, certificate name and Kafka key.';

COMMENT ON COLUMN "gps_data"."boot_id" IS 'UUIDv7 of this start of the agent with this outbox.';

COMMENT ON COLUMN "gps_data"."seq" IS 'Number within (vehicle_id, boot_id, stream), from 1 without gaps, given when the outbox accepted the reading.';

COMMENT ON COLUMN "gps_data"."captured_at" IS 'When it was measured, by the best clock known at upload; null only where no clock was known.';

COMMENT ON COLUMN "gps_data"."clock" IS 'Where captured_at comes from.';

COMMENT ON COLUMN "gps_data"."clock_error_ms" IS 'Estimated error of captured_at. Unit: ms.';

COMMENT ON COLUMN "gps_data"."uptime_ms" IS 'The machine''s monotonic clock at capture, real time also in simulation. Unit: ms.';

COMMENT ON COLUMN "gps_data"."machine_boot" IS 'The machine boot that uptime_ms counts from.';

COMMENT ON COLUMN "gps_data"."received_at" IS 'The gateway''s clock at acceptance.';

COMMENT ON COLUMN "gps_data"."event_at" IS 'The time to query by: captured_at where it can be trusted, else received_at minus the reading''s age at sending. Tables are partitioned by its UTC day.';

COMMENT ON COLUMN "gps_data"."log_partition" IS 'Partition of the event log that held it.';

COMMENT ON COLUMN "gps_data"."log_offset" IS 'Offset in that partition.';

COMMENT ON COLUMN "gps_data"."log_appended_at" IS 'When the event log took it.';

COMMENT ON COLUMN "gps_data"."landed_at" IS 'When its batch was written to the lake.';

COMMENT ON COLUMN "gps_data"."fix_at" IS 'The receiver''s own UTC of the epoch, as it said it.';

COMMENT ON COLUMN "gps_data"."fix" IS 'Kind of fix; none keeps the row with a null position.';

COMMENT ON COLUMN "gps_data"."latitude" IS 'WGS84 latitude, null when fix is none. Unit: degrees.';

COMMENT ON COLUMN "gps_data"."longitude" IS 'WGS84 longitude, null when fix is none. Unit: degrees.';

COMMENT ON COLUMN "gps_data"."altitude_m" IS 'Above mean sea level. Unit: m.';

COMMENT ON COLUMN "gps_data"."speed_kmh" IS 'Over ground. Unit: km/h.';

COMMENT ON COLUMN "gps_data"."heading_deg" IS 'Course over ground from true north; null where the receiver leaves it blank. Unit: degrees.';

COMMENT ON COLUMN "gps_data"."satellites_used" IS 'Satellites in the solution.';

COMMENT ON COLUMN "gps_data"."hdop" IS 'Horizontal dilution of precision.';

COMMENT ON COLUMN "gps_data"."vehicle_type" IS 'Configured: car, truck, bus …';

CREATE TABLE IF NOT EXISTS "vehicle_data" (
  "vehicle_id" VARCHAR NOT NULL,
  "boot_id" VARCHAR NOT NULL,
  "seq" BIGINT NOT NULL,
  "captured_at" TIMESTAMPTZ,
  "clock" VARCHAR NOT NULL,
  "clock_error_ms" DOUBLE,
  "uptime_ms" BIGINT NOT NULL,
  "machine_boot" VARCHAR NOT NULL,
  "received_at" TIMESTAMPTZ NOT NULL,
  "event_at" TIMESTAMPTZ NOT NULL,
  "log_partition" INTEGER NOT NULL,
  "log_offset" BIGINT NOT NULL,
  "log_appended_at" TIMESTAMPTZ NOT NULL,
  "landed_at" TIMESTAMPTZ NOT NULL,
  "latitude" DOUBLE,
  "longitude" DOUBLE,
  "speed_kmh" DOUBLE,
  "engine_rpm" DOUBLE,
  "engine_load_pct" DOUBLE,
  "throttle_pct" DOUBLE,
  "coolant_temp_c" DOUBLE,
  "intake_air_temp_c" DOUBLE,
  "ambient_air_temp_c" DOUBLE,
  "mass_air_flow_g_s" DOUBLE,
  "fuel_level_pct" DOUBLE,
  "fuel_rate_l_h" DOUBLE,
  "battery_v" DOUBLE,
  "odometer_km" DOUBLE,
  "run_time_s" INTEGER,
  "mil_on" BOOLEAN,
  "dtc_codes" VARCHAR,
  "vin" VARCHAR,
  "make" VARCHAR,
  "model" VARCHAR,
  "year" INTEGER,
  "fuel_type" VARCHAR
);

COMMENT ON TABLE "vehicle_data" IS 'One row per polling cycle of the car''s OBD-II port (SAE J1979).';

COMMENT ON COLUMN "vehicle_data"."vehicle_id" IS 'The vehicle: MQTT client id, certificate name and Kafka key.';

COMMENT ON COLUMN "vehicle_data"."boot_id" IS 'UUIDv7 of this start of the agent with this outbox.';

COMMENT ON COLUMN "vehicle_data"."seq" IS 'Number within (vehicle_id, boot_id, stream), from 1 without gaps, given when the outbox accepted the reading.';

COMMENT ON COLUMN "vehicle_data"."captured_at" IS 'When it was measured, by the best clock known at upload; null only where no clock was known.';

COMMENT ON COLUMN "vehicle_data"."clock" IS 'Where captured_at comes from.';

COMMENT ON COLUMN "vehicle_data"."clock_error_ms" IS 'Estimated error of captured_at. Unit: ms.';

COMMENT ON COLUMN "vehicle_data"."uptime_ms" IS 'The machine''s monotonic clock at capture, real time also in simulation. Unit: ms.';

COMMENT ON COLUMN "vehicle_data"."machine_boot" IS 'The machine boot that uptime_ms counts from.';

COMMENT ON COLUMN "vehicle_data"."received_at" IS 'The gateway''s clock at acceptance.';

COMMENT ON COLUMN "vehicle_data"."event_at" IS 'The time to query by: captured_at where it can be trusted, else received_at minus the reading''s age at sending. Tables are partitioned by its UTC day.';

COMMENT ON COLUMN "vehicle_data"."log_partition" IS 'Partition of the event log that held it.';

COMMENT ON COLUMN "vehicle_data"."log_offset" IS 'Offset in that partition.';

COMMENT ON COLUMN "vehicle_data"."log_appended_at" IS 'When the event log took it.';

COMMENT ON COLUMN "vehicle_data"."landed_at" IS 'When its batch was written to the lake.';

COMMENT ON COLUMN "vehicle_data"."latitude" IS 'WGS84 latitude of the last fix younger than 5 s, else null. Unit: degrees.';

COMMENT ON COLUMN "vehicle_data"."longitude" IS 'WGS84 longitude of the last fix younger than 5 s, else null. Unit: degrees.';

COMMENT ON COLUMN "vehicle_data"."speed_kmh" IS 'Vehicle speed (service 01 PID 0D). Unit: km/h.';

COMMENT ON COLUMN "vehicle_data"."engine_rpm" IS 'Engine speed (PID 0C). Unit: 1/min.';

COMMENT ON COLUMN "vehicle_data"."engine_load_pct" IS 'Calculated engine load (PID 04). Unit: %.';

COMMENT ON COLUMN "vehicle_data"."throttle_pct" IS 'Throttle position (PID 11). Unit: %.';

COMMENT ON COLUMN "vehicle_data"."coolant_temp_c" IS 'Engine coolant temperature (PID 05). Unit: °C.';

COMMENT ON COLUMN "vehicle_data"."intake_air_temp_c" IS 'Intake air temperature (PID 0F). Unit: °C.';

COMMENT ON COLUMN "vehicle_data"."ambient_air_temp_c" IS 'Ambient air temperature (PID 46). Unit: °C.';

COMMENT ON COLUMN "vehicle_data"."mass_air_flow_g_s" IS 'Mass air flow (PID 10). Unit: g/s.';

COMMENT ON COLUMN "vehicle_data"."fuel_level_pct" IS 'Fuel tank level (PID 2F). Unit: %.';

COMMENT ON COLUMN "vehicle_data"."fuel_rate_l_h" IS 'Engine fuel rate (PID 5E). Unit: l/h.';

COMMENT ON COLUMN "vehicle_data"."battery_v" IS 'Control module voltage (PID 42) or the adapter''s ATRV. Unit: V.';

COMMENT ON COLUMN "vehicle_data"."odometer_km" IS 'Odometer (PID A6). Unit: km.';

COMMENT ON COLUMN "vehicle_data"."run_time_s" IS 'Time since engine start (PID 1F). Unit: s.';

COMMENT ON COLUMN "vehicle_data"."mil_on" IS 'Malfunction indicator lamp (PID 01).';

COMMENT ON COLUMN "vehicle_data"."dtc_codes" IS 'Stored and pending trouble codes, sorted, space-separated; empty = asked and none, null = not asked.';

COMMENT ON COLUMN "vehicle_data"."vin" IS 'Vehicle identification number (service 09 PID 02).';

COMMENT ON COLUMN "vehicle_data"."make" IS 'Configured manufacturer.';

COMMENT ON COLUMN "vehicle_data"."model" IS 'Configured model.';

COMMENT ON COLUMN "vehicle_data"."year" IS 'Model year.';

COMMENT ON COLUMN "vehicle_data"."fuel_type" IS 'Fuel type (PID 51) as a word, or configured.';

CREATE TABLE IF NOT EXISTS "traffic_data" (
  "vehicle_id" VARCHAR NOT NULL,
  "boot_id" VARCHAR NOT NULL,
  "seq" BIGINT NOT NULL,
  "captured_at" TIMESTAMPTZ,
  "clock" VARCHAR NOT NULL,
  "clock_error_ms" DOUBLE,
  "uptime_ms" BIGINT NOT NULL,
  "machine_boot" VARCHAR NOT NULL,
  "received_at" TIMESTAMPTZ NOT NULL,
  "event_at" TIMESTAMPTZ NOT NULL,
  "log_partition" INTEGER NOT NULL,
  "log_offset" BIGINT NOT NULL,
  "log_appended_at" TIMESTAMPTZ NOT NULL,
  "landed_at" TIMESTAMPTZ NOT NULL,
  "camera_id" VARCHAR NOT NULL,
  "latitude" DOUBLE,
  "longitude" DOUBLE,
  "trigger" VARCHAR NOT NULL,
  "media_type" VARCHAR NOT NULL,
  "width_px" INTEGER,
  "height_px" INTEGER,
  "size_bytes" INTEGER NOT NULL,
  "snapshot_key" VARCHAR NOT NULL,
  "sha256" VARCHAR NOT NULL
);

COMMENT ON TABLE "traffic_data" IS 'One row per camera snapshot; the picture itself is an object.';

COMMENT ON COLUMN "traffic_data"."vehicle_id" IS 'The vehicle: MQTT client id, certificate name and Kafka key.';

COMMENT ON COLUMN "traffic_data"."boot_id" IS 'UUIDv7 of this start of the agent with this outbox.';

COMMENT ON COLUMN "traffic_data"."seq" IS 'Number within (vehicle_id, boot_id, stream), from 1 without gaps, given when the outbox accepted the reading.';

COMMENT ON COLUMN "traffic_data"."captured_at" IS 'When it was measured, by the best clock known at upload; null only where no clock was known.';

COMMENT ON COLUMN "traffic_data"."clock" IS 'Where captured_at comes from.';

COMMENT ON COLUMN "traffic_data"."clock_error_ms" IS 'Estimated error of captured_at. Unit: ms.';

COMMENT ON COLUMN "traffic_data"."uptime_ms" IS 'The machine''s monotonic clock at capture, real time also in simulation. Unit: ms.';

COMMENT ON COLUMN "traffic_data"."machine_boot" IS 'The machine boot that uptime_ms counts from.';

COMMENT ON COLUMN "traffic_data"."received_at" IS 'The gateway''s clock at acceptance.';

COMMENT ON COLUMN "traffic_data"."event_at" IS 'The time to query by: captured_at where it can be trusted, else received_at minus the reading''s age at sending. Tables are partitioned by its UTC day.';

COMMENT ON COLUMN "traffic_data"."log_partition" IS 'Partition of the event log that held it.';

COMMENT ON COLUMN "traffic_data"."log_offset" IS 'Offset in that partition.';

COMMENT ON COLUMN "traffic_data"."log_appended_at" IS 'When the event log took it.';

COMMENT ON COLUMN "traffic_data"."landed_at" IS 'When its batch was written to the lake.';

COMMENT ON COLUMN "traffic_data"."camera_id" IS 'Which camera.';

COMMENT ON COLUMN "traffic_data"."latitude" IS 'WGS84 latitude of the last fix younger than 5 s, else null. Unit: degrees.';

COMMENT ON COLUMN "traffic_data"."longitude" IS 'WGS84 longitude of the last fix younger than 5 s, else null. Unit: degrees.';

COMMENT ON COLUMN "traffic_data"."trigger" IS 'Why it was taken.';

COMMENT ON COLUMN "traffic_data"."media_type" IS 'IANA media type.';

COMMENT ON COLUMN "traffic_data"."width_px" IS 'Picture width. Unit: px.';

COMMENT ON COLUMN "traffic_data"."height_px" IS 'Picture height. Unit: px.';

COMMENT ON COLUMN "traffic_data"."size_bytes" IS 'Size of the picture. Unit: bytes.';

COMMENT ON COLUMN "traffic_data"."snapshot_key" IS 'The picture''s object key below the lake''s root.';

COMMENT ON COLUMN "traffic_data"."sha256" IS 'SHA-256 of the picture''s bytes, computed by the cloud stage.';

CREATE TABLE IF NOT EXISTS "weather_data" (
  "vehicle_id" VARCHAR NOT NULL,
  "boot_id" VARCHAR NOT NULL,
  "seq" BIGINT NOT NULL,
  "captured_at" TIMESTAMPTZ,
  "clock" VARCHAR NOT NULL,
  "clock_error_ms" DOUBLE,
  "uptime_ms" BIGINT NOT NULL,
  "machine_boot" VARCHAR NOT NULL,
  "received_at" TIMESTAMPTZ NOT NULL,
  "event_at" TIMESTAMPTZ NOT NULL,
  "log_partition" INTEGER NOT NULL,
  "log_offset" BIGINT NOT NULL,
  "log_appended_at" TIMESTAMPTZ NOT NULL,
  "landed_at" TIMESTAMPTZ NOT NULL,
  "latitude" DOUBLE,
  "longitude" DOUBLE,
  "observed_at" TIMESTAMPTZ,
  "station_id" VARCHAR,
  "source" VARCHAR NOT NULL,
  "temperature_c" DOUBLE,
  "weather_condition" VARCHAR,
  "precipitation_mm_h" DOUBLE,
  "wind_speed_kmh" DOUBLE,
  "humidity_pct" DOUBLE,
  "aqi" INTEGER
);

COMMENT ON TABLE "weather_data" IS 'Weather at the vehicle''s position.';

COMMENT ON COLUMN "weather_data"."vehicle_id" IS 'The vehicle: MQTT client id, certificate name and Kafka key.';

COMMENT ON COLUMN "weather_data"."boot_id" IS 'UUIDv7 of this start of the agent with this outbox.';

COMMENT ON COLUMN "weather_data"."seq" IS 'Number within (vehicle_id, boot_id, stream), from 1 without gaps, given when the outbox accepted the reading.';

COMMENT ON COLUMN "weather_data"."captured_at" IS 'When it was measured, by the best clock known at upload; null only where no clock was known.';

COMMENT ON COLUMN "weather_data"."clock" IS 'Where captured_at comes from.';

COMMENT ON COLUMN "weather_data"."clock_error_ms" IS 'Estimated error of captured_at. Unit: ms.';

COMMENT ON COLUMN "weather_data"."uptime_ms" IS 'The machine''s monotonic clock at capture, real time also in simulation. Unit: ms.';

COMMENT ON COLUMN "weather_data"."machine_boot" IS 'The machine boot that uptime_ms counts from.';

COMMENT ON COLUMN "weather_data"."received_at" IS 'The gateway''s clock at acceptance.';

COMMENT ON COLUMN "weather_data"."event_at" IS 'The time to query by: captured_at where it can be trusted, else received_at minus the reading''s age at sending. Tables are partitioned by its UTC day.';

COMMENT ON COLUMN "weather_data"."log_partition" IS 'Partition of the event log that held it.';

COMMENT ON COLUMN "weather_data"."log_offset" IS 'Offset in that partition.';

COMMENT ON COLUMN "weather_data"."log_appended_at" IS 'When the event log took it.';

COMMENT ON COLUMN "weather_data"."landed_at" IS 'When its batch was written to the lake.';

COMMENT ON COLUMN "weather_data"."latitude" IS 'WGS84 latitude that the weather is for. Unit: degrees.';

COMMENT ON COLUMN "weather_data"."longitude" IS 'WGS84 longitude that the weather is for. Unit: degrees.';

COMMENT ON COLUMN "weather_data"."observed_at" IS 'When the station observed it.';

COMMENT ON COLUMN "weather_data"."station_id" IS 'The station, where there is one.';

COMMENT ON COLUMN "weather_data"."source" IS 'Where it comes from.';

COMMENT ON COLUMN "weather_data"."temperature_c" IS 'Air temperature. Unit: °C.';

COMMENT ON COLUMN "weather_data"."weather_condition" IS 'In words: clear, rain, snow …';

COMMENT ON COLUMN "weather_data"."precipitation_mm_h" IS 'Precipitation. Unit: mm/h.';

COMMENT ON COLUMN "weather_data"."wind_speed_kmh" IS 'Wind speed. Unit: km/h.';

COMMENT ON COLUMN "weather_data"."humidity_pct" IS 'Relative humidity. Unit: %.';

COMMENT ON COLUMN "weather_data"."aqi" IS 'Air quality index (US EPA).';

CREATE TABLE IF NOT EXISTS "emergency_data" (
  "vehicle_id" VARCHAR NOT NULL,
  "boot_id" VARCHAR NOT NULL,
  "seq" BIGINT NOT NULL,
  "captured_at" TIMESTAMPTZ,
  "clock" VARCHAR NOT NULL,
  "clock_error_ms" DOUBLE,
  "uptime_ms" BIGINT NOT NULL,
  "machine_boot" VARCHAR NOT NULL,
  "received_at" TIMESTAMPTZ NOT NULL,
  "event_at" TIMESTAMPTZ NOT NULL,
  "log_partition" INTEGER NOT NULL,
  "log_offset" BIGINT NOT NULL,
  "log_appended_at" TIMESTAMPTZ NOT NULL,
  "landed_at" TIMESTAMPTZ NOT NULL,
  "incident_id" VARCHAR NOT NULL,
  "type" VARCHAR NOT NULL,
  "status" VARCHAR NOT NULL,
  "severity" VARCHAR NOT NULL,
  "source" VARCHAR NOT NULL,
  "latitude" DOUBLE,
  "longitude" DOUBLE,
  "description" VARCHAR
);

COMMENT ON TABLE "emergency_data" IS 'Incidents: begun, and resolved.';

COMMENT ON COLUMN "emergency_data"."vehicle_id" IS 'The vehicle: MQTT client id, certificate name and Kafka key.';

COMMENT ON COLUMN "emergency_data"."boot_id" IS 'UUIDv7 of this start of the agent with this outbox.';

COMMENT ON COLUMN "emergency_data"."seq" IS 'Number within (vehicle_id, boot_id, stream), from 1 without gaps, given when the outbox accepted the reading.';

COMMENT ON COLUMN "emergency_data"."captured_at" IS 'When it was measured, by the best clock known at upload; null only where no clock was known.';

COMMENT ON COLUMN "emergency_data"."clock" IS 'Where captured_at comes from.';

COMMENT ON COLUMN "emergency_data"."clock_error_ms" IS 'Estimated error of captured_at. Unit: ms.';

COMMENT ON COLUMN "emergency_data"."uptime_ms" IS 'The machine''s monotonic clock at capture, real time also in simulation. Unit: ms.';

COMMENT ON COLUMN "emergency_data"."machine_boot" IS 'The machine boot that uptime_ms counts from.';

COMMENT ON COLUMN "emergency_data"."received_at" IS 'The gateway''s clock at acceptance.';

COMMENT ON COLUMN "emergency_data"."event_at" IS 'The time to query by: captured_at where it can be trusted, else received_at minus the reading''s age at sending. Tables are partitioned by its UTC day.';

COMMENT ON COLUMN "emergency_data"."log_partition" IS 'Partition of the event log that held it.';

COMMENT ON COLUMN "emergency_data"."log_offset" IS 'Offset in that partition.';

COMMENT ON COLUMN "emergency_data"."log_appended_at" IS 'When the event log took it.';

COMMENT ON COLUMN "emergency_data"."landed_at" IS 'When its batch was written to the lake.';

COMMENT ON COLUMN "emergency_data"."incident_id" IS 'Same for all rows of one incident.';

COMMENT ON COLUMN "emergency_data"."type" IS 'What happened.';

COMMENT ON COLUMN "emergency_data"."status" IS 'Begun or over.';

COMMENT ON COLUMN "emergency_data"."severity" IS 'How bad.';

COMMENT ON COLUMN "emergency_data"."source" IS 'What noticed it.';

COMMENT ON COLUMN "emergency_data"."latitude" IS 'WGS84 latitude of the last fix younger than 5 s, else null. Unit: degrees.';

COMMENT ON COLUMN "emergency_data"."longitude" IS 'WGS84 longitude of the last fix younger than 5 s, else null. Unit: degrees.';

COMMENT ON COLUMN "emergency_data"."description" IS 'For people.';

CREATE TABLE IF NOT EXISTS "agent_events" (
  "vehicle_id" VARCHAR NOT NULL,
  "boot_id" VARCHAR NOT NULL,
  "seq" BIGINT NOT NULL,
  "captured_at" TIMESTAMPTZ,
  "clock" VARCHAR NOT NULL,
  "clock_error_ms" DOUBLE,
  "uptime_ms" BIGINT NOT NULL,
  "machine_boot" VARCHAR NOT NULL,
  "received_at" TIMESTAMPTZ NOT NULL,
  "event_at" TIMESTAMPTZ NOT NULL,
  "log_partition" INTEGER NOT NULL,
  "log_offset" BIGINT NOT NULL,
  "log_appended_at" TIMESTAMPTZ NOT NULL,
  "landed_at" TIMESTAMPTZ NOT NULL,
  "kind" VARCHAR NOT NULL,
  "about_boot_id" VARCHAR,
  "about_stream" VARCHAR,
  "seq_from" BIGINT,
  "seq_to" BIGINT,
  "reason" VARCHAR,
  "detail" VARCHAR
);

COMMENT ON TABLE "agent_events" IS 'What the car says of itself: starts, lost sources, declared gaps, checkpoints.';

COMMENT ON COLUMN "agent_events"."vehicle_id" IS 'The vehicle: MQTT client id, certificate name and Kafka key.';

COMMENT ON COLUMN "agent_events"."boot_id" IS 'UUIDv7 of this start of the agent with this outbox.';

COMMENT ON COLUMN "agent_events"."seq" IS 'Number within (vehicle_id, boot_id, stream), from 1 without gaps, given when the outbox accepted the reading.';

COMMENT ON COLUMN "agent_events"."captured_at" IS 'When it was measured, by the best clock known at upload; null only where no clock was known.';

COMMENT ON COLUMN "agent_events"."clock" IS 'Where captured_at comes from.';

COMMENT ON COLUMN "agent_events"."clock_error_ms" IS 'Estimated error of captured_at. Unit: ms.';

COMMENT ON COLUMN "agent_events"."uptime_ms" IS 'The machine''s monotonic clock at capture, real time also in simulation. Unit: ms.';

COMMENT ON COLUMN "agent_events"."machine_boot" IS 'The machine boot that uptime_ms counts from.';

COMMENT ON COLUMN "agent_events"."received_at" IS 'The gateway''s clock at acceptance.';

COMMENT ON COLUMN "agent_events"."event_at" IS 'The time to query by: captured_at where it can be trusted, else received_at minus the reading''s age at sending. Tables are partitioned by its UTC day.';

COMMENT ON COLUMN "agent_events"."log_partition" IS 'Partition of the event log that held it.';

COMMENT ON COLUMN "agent_events"."log_offset" IS 'Offset in that partition.';

COMMENT ON COLUMN "agent_events"."log_appended_at" IS 'When the event log took it.';

COMMENT ON COLUMN "agent_events"."landed_at" IS 'When its batch was written to the lake.';

COMMENT ON COLUMN "agent_events"."kind" IS 'What happened.';

COMMENT ON COLUMN "agent_events"."about_boot_id" IS 'The boot it speaks of, where not its own.';

COMMENT ON COLUMN "agent_events"."about_stream" IS 'The stream it speaks of.';

COMMENT ON COLUMN "agent_events"."seq_from" IS 'First seq of the range it speaks of.';

COMMENT ON COLUMN "agent_events"."seq_to" IS 'Last seq of that range.';

COMMENT ON COLUMN "agent_events"."reason" IS 'Why, as a name.';

COMMENT ON COLUMN "agent_events"."detail" IS 'For people; of a checkpoint, JSON (see contract/checkpoint.ts).';

CREATE TABLE IF NOT EXISTS "dead_letters" (
  "dead_letter_id" VARCHAR NOT NULL,
  "reason" VARCHAR NOT NULL,
  "detail" VARCHAR,
  "vehicle_id" VARCHAR,
  "boot_id" VARCHAR,
  "stream" VARCHAR,
  "seq_from" BIGINT,
  "seq_to" BIGINT,
  "topic" VARCHAR NOT NULL,
  "received_at" TIMESTAMPTZ NOT NULL,
  "payload" BLOB,
  "log_partition" INTEGER NOT NULL,
  "log_offset" BIGINT NOT NULL,
  "landed_at" TIMESTAMPTZ NOT NULL
);

COMMENT ON TABLE "dead_letters" IS 'What was refused, with its reason and its bytes.';

COMMENT ON COLUMN "dead_letters"."dead_letter_id" IS 'Names this refusal: the same bytes refused again get the same id.';

COMMENT ON COLUMN "dead_letters"."reason" IS 'Why, as a name (contract/rejection.ts).';

COMMENT ON COLUMN "dead_letters"."detail" IS 'For people.';

COMMENT ON COLUMN "dead_letters"."vehicle_id" IS 'As far as known.';

COMMENT ON COLUMN "dead_letters"."boot_id" IS 'As far as known.';

COMMENT ON COLUMN "dead_letters"."stream" IS 'As far as known.';

COMMENT ON COLUMN "dead_letters"."seq_from" IS 'First seq that it stands for.';

COMMENT ON COLUMN "dead_letters"."seq_to" IS 'Last seq that it stands for.';

COMMENT ON COLUMN "dead_letters"."topic" IS 'The MQTT or log topic that it came by.';

COMMENT ON COLUMN "dead_letters"."received_at" IS 'When it was refused.';

COMMENT ON COLUMN "dead_letters"."payload" IS 'The original bytes, cut to the publish limit.';

COMMENT ON COLUMN "dead_letters"."log_partition" IS 'Partition of the dead-letter topic.';

COMMENT ON COLUMN "dead_letters"."log_offset" IS 'Offset in it.';

COMMENT ON COLUMN "dead_letters"."landed_at" IS 'When it was written to the lake.';

CREATE TABLE IF NOT EXISTS "roadstream_loads" (
  "table_name" VARCHAR NOT NULL,
  "load_number" BIGINT NOT NULL,
  "table_uuid" VARCHAR NOT NULL,
  "snapshot_id" VARCHAR,
  "sequence_number" BIGINT NOT NULL,
  "mode" VARCHAR NOT NULL,
  "files" BIGINT NOT NULL,
  "file_rows" BIGINT NOT NULL,
  "loaded_at" TIMESTAMPTZ NOT NULL
);

COMMENT ON TABLE "roadstream_loads" IS 'What was loaded from the lake, and up to where. Written by roadstream cloud load; locked while it loads.';

COMMENT ON COLUMN "roadstream_loads"."table_name" IS 'The table.';

COMMENT ON COLUMN "roadstream_loads"."load_number" IS 'Counts the table''s loads from 1.';

COMMENT ON COLUMN "roadstream_loads"."table_uuid" IS 'The Iceberg table that it was loaded from.';

COMMENT ON COLUMN "roadstream_loads"."snapshot_id" IS 'Everything up to this snapshot of main is in the warehouse; null before the first, and while a load of several steps is under way.';

COMMENT ON COLUMN "roadstream_loads"."sequence_number" IS 'Of that snapshot; 0 before the first.';

COMMENT ON COLUMN "roadstream_loads"."mode" IS 'append: new files of snapshots; reconcile: whole days, compared by identity.';

COMMENT ON COLUMN "roadstream_loads"."files" IS 'Data files read.';

COMMENT ON COLUMN "roadstream_loads"."file_rows" IS 'Rows in them.';

COMMENT ON COLUMN "roadstream_loads"."loaded_at" IS 'By the loader''s clock.';

CREATE TABLE IF NOT EXISTS "roadstream_loaded_days" (
  "table_name" VARCHAR NOT NULL,
  "load_number" BIGINT NOT NULL,
  "day" DATE NOT NULL,
  "sequence_number" BIGINT NOT NULL,
  "lake_rows" BIGINT NOT NULL
);

COMMENT ON TABLE "roadstream_loaded_days" IS 'What each load changed of each UTC day: the sum over a table''s loads is what the lake held.';

COMMENT ON COLUMN "roadstream_loaded_days"."table_name" IS 'The table.';

COMMENT ON COLUMN "roadstream_loaded_days"."load_number" IS 'The load.';

COMMENT ON COLUMN "roadstream_loaded_days"."day" IS 'The UTC day of event_at; of received_at in dead_letters.';

COMMENT ON COLUMN "roadstream_loaded_days"."sequence_number" IS 'Up to which snapshot of the lake the day is complete.';

COMMENT ON COLUMN "roadstream_loaded_days"."lake_rows" IS 'Rows that came to the lake''s day, less those that went.';

CREATE TABLE IF NOT EXISTS "roadstream_touched" (
  "vehicle_id" VARCHAR NOT NULL,
  "day" DATE NOT NULL
);

COMMENT ON TABLE "roadstream_touched" IS 'Vehicles and days whose rows changed since the facts were last computed; a pair may stand here more than once.';

COMMENT ON COLUMN "roadstream_touched"."vehicle_id" IS 'The vehicle.';

COMMENT ON COLUMN "roadstream_touched"."day" IS 'The UTC day of event_at, or that on which facts of the rows stood.';
