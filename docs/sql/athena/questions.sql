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

-- Movement: how much does the fleet drive, hour by hour?
SELECT *
FROM movement_by_hour
ORDER BY day DESC, hour DESC
LIMIT 168;

-- Emergency alerts: how many of each kind, and which are not over?
SELECT *
FROM emergency_alerts
ORDER BY day DESC, type;

-- Emergencies one after the other
SELECT *
FROM emergency_timeline
ORDER BY began_at DESC
LIMIT 100;

-- Weather impact: speed, braking and fuel by condition
SELECT *
FROM weather_impact
ORDER BY distance_km DESC;

-- Route optimization: where is it slow, and when?
SELECT *
FROM slow_segments
LIMIT 100;

-- Route optimization: when is it best to leave?
SELECT *
FROM departure_hours
LIMIT 100;

-- Who drives harshly?
SELECT *
FROM harsh_driving
ORDER BY day DESC, vehicle_id
LIMIT 100;

-- The last known state of each car
SELECT *
FROM vehicle_last_state
ORDER BY vehicle_id;
