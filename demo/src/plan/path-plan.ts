import { OMAHA_TO_DES_MOINES, Route } from "@roadstream/hardware";
import { join } from "node:path";
import type { DemoValues } from "../config.ts";
import type { PathSpecs } from "../path-run.ts";
import { COUNTERS } from "../progress/stage-counters.ts";
import type { CounterBook } from "../progress/counter-book.ts";
import type { DemoPaths } from "./demo-paths.ts";
import { planTrip, type PlannedTrip } from "./planned-trip.ts";
import { carSpec, cloudSpec, gatewaySpec, parkedCarSpec, vehicleName, type PlanInput } from "./stage-spec.ts";

export interface PathPlan {
  readonly input: PlanInput;
  readonly trips: readonly PlannedTrip[];
  readonly specs: PathSpecs;
}

/** Which processes there will be, and what each of them will be told. */
export const pathPlan = (options: {
  readonly values: DemoValues;
  readonly paths: DemoPaths;
  readonly program: string;
  readonly mqttPort: number;
  /** Null: Omaha to Des Moines. */
  readonly route: { readonly file: string; readonly road: Route } | null;
  /** Vehicles that have an outbox from an earlier run. */
  readonly known: readonly string[];
  readonly book: CounterBook;
}): PathPlan => {
  const { values, paths, program, mqttPort, route, known, book } = options;
  const input: PlanInput = {
    program,
    values,
    route: route?.file ?? null,
    logSpec: values.log ?? `sqlite:${paths.log}`,
    lakeSpec: values.lake ?? `file:${paths.lake}`,
    logLevel: values.logLevel,
    mqttUrl: `mqtt://127.0.0.1:${mqttPort}`,
  };
  const road = route?.road ?? new Route(OMAHA_TO_DES_MOINES);
  const trips = Array.from({ length: values.vehicles }, (_, index) =>
    planTrip({
      vehicle: vehicleName(index),
      seed: values.seed + index,
      route: road,
      duration: values.duration,
    }),
  );
  const cars = trips.map((trip) => {
    const { vehicle, seed } = trip;
    const drivenS = (): number => Math.min(trip.durationS - 1, book.total(vehicle, COUNTERS.epochs));
    return { trip, spec: carSpec(input, { vehicle, seed, folder: join(paths.agents, vehicle), drivenS }) };
  });
  const driving = new Set(trips.map(({ vehicle }) => vehicle));
  const parked = known
    .filter((vehicle) => !driving.has(vehicle))
    .map((vehicle) => parkedCarSpec(input, vehicle, join(paths.agents, vehicle)));
  return { input, trips, specs: { gateway: gatewaySpec(input), cloud: cloudSpec(input), cars, parked } };
};
