import { streamRow, type StreamRow } from "@roadstream/cloud/testing";
import type { Trip } from "@roadstream/hardware";

export interface TripRowsOptions {
  readonly vehicle: string;
  readonly start: number;
}

const POLL_S = 10;
const WEATHER_S = 60;

/** As the adapter's bytes have it: whole km/h, quarters of a revolution, twentieths of a litre per hour, tenths of a kilometre. */
const toStep = (value: number | null, step: number): number | null =>
  value === null ? null : Math.round(value / step) * step;

/**
 * A simulated drive as its sensors tell it, with their errors and outages: a fix each second, the adapter each tenth, the weather
 * each minute. What the agent, the wire and the lake add is proven elsewhere; here only values matter.
 */
export const tripRows = (trip: Trip, { vehicle, start }: TripRowsOptions): readonly StreamRow[] => {
  const rows: StreamRow[] = [];
  for (let tripS = 0; tripS <= trip.durationS; tripS += 1) {
    const at = new Date(start + tripS * 1000);
    const { solution } = trip.gnssAt(tripS);
    rows.push(
      streamRow("gps_data", vehicle, at, {
        fix: solution?.fix ?? "none",
        latitude: solution?.latitude ?? null,
        longitude: solution?.longitude ?? null,
        speed_kmh: solution === null ? null : solution.speedMs * 3.6,
        heading_deg: solution?.courseDeg ?? null,
      }),
    );
    if (tripS % POLL_S === 0) {
      const car = trip.carState(tripS);
      rows.push(
        streamRow("vehicle_data", vehicle, at, {
          latitude: solution?.latitude ?? null,
          longitude: solution?.longitude ?? null,
          speed_kmh: Math.round(car.speedKmh),
          engine_rpm: toStep(car.engineRpm, 0.25),
          fuel_rate_l_h: toStep(car.fuelRateLH, 0.05),
          fuel_level_pct: toStep(car.fuelLevelPct, 100 / 255),
          odometer_km: toStep(car.odometerKm, 0.1),
          fuel_type: trip.vehicle.fuelType,
        }),
      );
    }
    if (tripS % WEATHER_S === 0) {
      const weather = trip.weatherAt(tripS);
      rows.push(
        streamRow("weather_data", vehicle, at, {
          source: "simulated",
          weather_condition: weather.condition,
          precipitation_mm_h: weather.precipitationMmH,
        }),
      );
    }
  }
  return rows;
};

export interface TrueStop {
  readonly fromS: number;
  readonly untilS: number;
}

/** When the car was truly slower than that, for so long, between two motions. */
export const trueStops = (
  trip: Trip,
  { kmh, seconds }: { readonly kmh: number; readonly seconds: number },
): readonly TrueStop[] => {
  const stops: TrueStop[] = [];
  let fromS: number | null = null;
  let hasMoved = false;
  for (let tenth = 0; tenth <= trip.durationS * 10; tenth += 1) {
    const isSlow = trip.at(tenth / 10).speedMs * 3.6 < kmh;
    if (isSlow) fromS ??= tenth / 10;
    if (isSlow || fromS === null) continue;
    if (hasMoved && tenth / 10 - fromS >= seconds) stops.push({ fromS, untilS: tenth / 10 });
    hasMoved = true;
    fromS = null;
  }
  return stops;
};
