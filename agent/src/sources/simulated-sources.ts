import type { Bench } from "@roadstream/hardware";
import { isoTime, isRoadstreamError, type Clock, type DurationMs } from "@roadstream/shared";
import type { FrameGrabber, Source, SourceEvents } from "../ports.ts";

/** Sleeps in trip time; false when the trip or the agent is over. */
const sleepInTrip = async (
  timer: ReturnType<Bench["timer"]>,
  interval: DurationMs,
  signal: AbortSignal,
): Promise<boolean> => {
  try {
    return await timer.sleep(interval, signal);
  } catch (error) {
    if (isRoadstreamError(error, "aborted")) return false;
    throw error;
  }
};

/** The bench's camera: one picture each interval of trip time. Its follower joins the trip at once. */
export const simulatedFrames = (bench: Bench, interval: DurationMs): FrameGrabber => {
  const timer = bench.timer();
  let isFirst = true;
  return {
    next: async (signal) => {
      if (!isFirst && !(await sleepInTrip(timer, interval, signal))) {
        timer[Symbol.dispose]();
        return "ended";
      }
      isFirst = false;
      return { bytes: bench.frame().jpeg, trigger: "interval", done: () => Promise.resolve() };
    },
  };
};

/** Rows of weather_data from the bench, one each interval of trip time. */
export const simulatedWeather = (bench: Bench, clock: Clock, interval: DurationMs): Source => {
  const timer = bench.timer();
  return {
    name: "weather",
    run: async (sink, signal) => {
      using follower = timer;
      do {
        const { position, ...sample } = bench.weather();
        await sink.reading({
          stream: "weather_data",
          capturedAt: bench.tripTime(),
          clock: "simulated",
          clockErrorMs: null,
          uptime: clock.uptime(),
          columns: {
            latitude: position?.latitude ?? null,
            longitude: position?.longitude ?? null,
            observed_at: isoTime(sample.observedAt),
            station_id: sample.stationId,
            source: "simulated",
            temperature_c: sample.temperatureC,
            weather_condition: sample.condition,
            precipitation_mm_h: sample.precipitationMmH,
            wind_speed_kmh: sample.windSpeedKmh,
            humidity_pct: sample.humidityPct,
            aqi: sample.aqi,
          },
        });
      } while (await sleepInTrip(follower, interval, signal));
      return "ended";
    },
  };
};

/** Rows of emergency_data from the trip's incidents. */
export const simulatedEmergency = (bench: Bench, clock: Clock): Source => ({
  name: "emergency",
  run: async (sink: SourceEvents, signal) => {
    for await (const event of bench.incidents(signal)) {
      await sink.reading({
        stream: "emergency_data",
        capturedAt: event.at,
        clock: "simulated",
        clockErrorMs: null,
        uptime: clock.uptime(),
        columns: {
          incident_id: event.incidentId,
          type: event.type,
          status: event.status,
          severity: event.severity,
          source: "simulated",
          latitude: event.position?.latitude ?? null,
          longitude: event.position?.longitude ?? null,
          description: event.description,
        },
      });
    }
    return "ended";
  },
});
