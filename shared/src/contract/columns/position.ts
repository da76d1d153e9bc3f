import { optional } from "../column.ts";

/** A WGS84 position under the given field ids; both null or both given. */
export const position = (latitudeId: number, meaning: string) =>
  [
    optional(latitudeId, "latitude", "float64", `WGS84 latitude${meaning}.`, {
      unit: "degrees",
      min: -90,
      max: 90,
    }),
    optional(latitudeId + 1, "longitude", "float64", `WGS84 longitude${meaning}.`, {
      unit: "degrees",
      min: -180,
      max: 180,
    }),
  ] as const;
