import type { Random } from "@roadstream/shared";

export interface Weather {
  readonly temperatureC: number;
  readonly condition: string;
  readonly precipitationMmH: number;
  readonly windSpeedKmh: number;
  readonly humidityPct: number;
  readonly aqi: number;
}

export type WeatherAt = (tripS: number, alongM: number) => Weather;

/** Slow waves: minutes to hours, so that neighbouring readings agree and nothing jumps. */
const WAVES = 4;
const SHORTEST_S = 3000;
const LONGEST_S = 14_000;
/** A weather front is crossed by driving, too: so many metres of road count as one second. */
const FRONT_M_PER_S = 60;

type Wave = (place: number) => number;

/** A sum of sines with a mean of 0 and values of mostly -1 to 1. */
const drawWave = (random: Random): Wave => {
  const parts = Array.from({ length: WAVES }, () => ({
    angular: (2 * Math.PI) / (SHORTEST_S + random.next() * (LONGEST_S - SHORTEST_S)),
    phase: 2 * Math.PI * random.next(),
    size: 0.35 + 0.3 * random.next(),
  }));
  return (place) =>
    parts.reduce((sum, { angular, phase, size }) => sum + size * Math.sin(angular * place + phase), 0);
};

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

const RAIN_FROM = 0.62;
const HEAVY_MM_H = 7;

const conditionOf = (
  moisture: number,
  precipitationMmH: number,
  temperatureC: number,
  windKmh: number,
): string => {
  if (precipitationMmH > 0) {
    if (temperatureC <= 0.5) return precipitationMmH > 2 ? "snow" : "light snow";
    if (precipitationMmH > HEAVY_MM_H) return "thunderstorm";
    return precipitationMmH > 2 ? "rain" : "light rain";
  }
  if (moisture > 0.55) return windKmh < 8 ? "fog" : "overcast";
  if (moisture > 0.4) return "cloudy";
  return moisture > 0.28 ? "partly cloudy" : "clear";
};

/** The weather of one trip: a function of time and place alone. */
export const drawWeather = (random: Random): WeatherAt => {
  const baseC = -6 + 34 * random.next();
  const dampness = 0.2 + 0.4 * random.next();
  const breeze = 8 + 18 * random.next();
  const baseAqi = 22 + 40 * random.next();
  const [warm, damp, wind, air] = [drawWave(random), drawWave(random), drawWave(random), drawWave(random)];
  return (tripS, alongM) => {
    const place = tripS + alongM / FRONT_M_PER_S;
    const moisture = clamp(dampness + 0.22 * damp(place), 0, 1);
    const precipitationMmH = moisture > RAIN_FROM ? (moisture - RAIN_FROM) * 26 : 0;
    const temperatureC = baseC + 2.2 * warm(place) - 3 * (moisture - dampness);
    const windSpeedKmh = Math.max(0, breeze + 7 * wind(place));
    return {
      temperatureC,
      condition: conditionOf(moisture, precipitationMmH, temperatureC, windSpeedKmh),
      precipitationMmH,
      windSpeedKmh,
      humidityPct: clamp(32 + 70 * moisture, 0, 100),
      aqi: Math.round(clamp(baseAqi + 12 * air(place) - 15 * Math.max(0, moisture - RAIN_FROM), 5, 300)),
    };
  };
};
