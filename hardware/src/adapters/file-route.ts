import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { errorText, RoadstreamError } from "@roadstream/shared";
import { geoJsonPlan, MAX_GEOJSON_CHARS } from "../route/geojson-plan.ts";
import { Route } from "../route/route.ts";

/** A route from a GeoJSON file; throws `usage` with the reason when there is none in it. */
export const loadRoute = async (path: string): Promise<Route> => {
  let text: string;
  try {
    const { size } = await stat(path);
    if (size > MAX_GEOJSON_CHARS) throw new RangeError(`${size} bytes are more than ${MAX_GEOJSON_CHARS}`);
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new RoadstreamError("usage", `cannot read the route ${path}: ${errorText(error)}`, {
      cause: error,
    });
  }
  const result = geoJsonPlan(text, basename(path));
  if (!result.ok) {
    throw new RoadstreamError("usage", `no usable route in ${path}: ${result.reason}`, {
      hint: "expected GeoJSON with a LineString of at least 500 m",
    });
  }
  return new Route(result.plan);
};
