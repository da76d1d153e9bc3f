-- Questions to begin with.

-- Which cars were heard of, when last, and how much?
SELECT vehicle_id, MAX(event_at) AS last_heard, COUNT(*) AS readings
FROM gps_data
GROUP BY vehicle_id
ORDER BY last_heard DESC
LIMIT 100;

-- The seed's columns: where were the cars going?
SELECT device_id, "timestamp", speed, direction
FROM seed_gps_data
ORDER BY "timestamp" DESC
LIMIT 100;

-- Position, car and weather of the same moment
SELECT vehicle_id, event_at, latitude, longitude, speed_kmh, vehicle_engine_rpm, weather_condition, weather_temperature_c
FROM moments
WHERE fix <> 'none'
ORDER BY event_at DESC
LIMIT 100;

-- What was refused, and why?
SELECT reason, COUNT(*) AS letters, MAX(received_at) AS last_received
FROM dead_letters
GROUP BY reason
ORDER BY letters DESC;
