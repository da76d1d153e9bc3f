import type { GeoPoint } from "./earth.ts";

/** A road as a person would note it: points in order, each with what holds from there to the next. */
export interface PlanPoint extends GeoPoint {
  /** Speed limit from this point to the next. */
  readonly limitKmh: number;
  /** Radius of the bend at this point, where the legs beside it leave room for it. */
  readonly bendRadiusM: number;
  readonly altitudeM: number;
  /** Where the car may or must halt, at this point. */
  readonly stop: StopKind | null;
}

/** A traffic light is red for some seeds and green for others; a rest is always taken. */
export type StopKind = "light" | "rest";

export interface RoutePlan {
  readonly name: string;
  readonly points: readonly PlanPoint[];
}
