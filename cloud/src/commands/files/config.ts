import { COMMON_OPTIONS, defineCommand } from "@roadstream/shared";
import { LAKE_OPTION } from "../../config.ts";

export const FILES_COMMAND = defineCommand({
  name: "roadstream cloud files",
  summary: "Lists a table's current data files: where they lie, their day, rows and bytes.",
  positionals: ["TABLE"],
  options: { ...LAKE_OPTION, ...COMMON_OPTIONS },
  examples: [
    "roadstream cloud files gps_data --lake file:data/lake",
    "roadstream cloud files vehicle_data --lake file:data/lake --json",
  ],
});
