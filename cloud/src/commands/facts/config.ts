import { COMMON_OPTIONS, defineCommand, maybe, toggle } from "@roadstream/shared";
import { z } from "zod";
import { LAKE_OPTION, WAREHOUSE_OPTION } from "../../config.ts";

export const FACTS_COMMAND = defineCommand({
  name: "roadstream cloud facts",
  summary:
    "Brings the facts of driving in a warehouse up to date; cloud load does so by itself. With new speed limits, or after a change of what facts mean, computes all of them anew. docs/facts.md says what they are.",
  options: {
    ...WAREHOUSE_OPTION,
    ...LAKE_OPTION,
    limits: maybe(z.string(), {
      help: "Speed limits of roads, in the place of all before: a FeatureCollection of lines with limit_kmh, or OpenStreetMap's maxspeed.",
      placeholder: "FILE.geojson",
    }),
    all: toggle({ help: "Compute everything anew. --limits does so." }),
    ...COMMON_OPTIONS,
  },
  examples: [
    "roadstream cloud facts --lake file:data/lake --warehouse duckdb:data/cars.duckdb --limits roads.geojson",
    "roadstream cloud facts --lake file:data/lake --warehouse duckdb:data/cars.duckdb --all",
  ],
});
