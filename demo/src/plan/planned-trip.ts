import { Trip, type Route } from "@roadstream/hardware";
import type { DurationMs } from "@roadstream/shared";

/** The trip that a car will make, known beforehand: the simulator is deterministic. */
export interface PlannedTrip {
  readonly vehicle: string;
  readonly seed: number;
  readonly routeName: string;
  readonly durationS: number;
  readonly distanceKm: number;
  /** Kilometres after so many seconds of the trip. */
  kmAt(tripS: number): number;
}

export const planTrip = (options: {
  readonly vehicle: string;
  readonly seed: number;
  readonly route: Route;
  readonly duration: DurationMs | null;
}): PlannedTrip => {
  const { vehicle, seed, route, duration } = options;
  const trip = new Trip({ seed, route });
  const durationS = Math.min(trip.durationS, duration === null ? Infinity : duration / 1000);
  return {
    vehicle,
    seed,
    routeName: route.name,
    durationS,
    distanceKm: trip.truth(durationS).distanceKm,
    kmAt: (tripS) => trip.truth(tripS).distanceKm,
  };
};
