import type { DemoValues } from "../config.ts";

/** The trip of one car, as the agent's simulated sources read it. */
export const benchQuery = (
  values: Pick<DemoValues, "pace" | "start" | "duration">,
  car: { readonly seed: number; readonly route: string | null; readonly resumeAtS: number },
): string => {
  const query = new URLSearchParams({ seed: String(car.seed), pace: values.pace });
  if (car.route !== null) query.set("route", car.route);
  if (values.start !== null) query.set("start", values.start);
  if (values.duration !== null) query.set("duration", `${values.duration}ms`);
  if (car.resumeAtS > 0) query.set("from", `${car.resumeAtS}s`);
  return query.toString();
};
