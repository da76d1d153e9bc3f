import { COMMON_OPTIONS, defineCommand, toggle } from "@roadstream/shared";
import { LAKE_OPTION } from "../../config.ts";

export const COMPACT_COMMAND = defineCommand({
  name: "roadstream cloud compact",
  summary:
    "Rewrites each past day's many small files as few sorted ones, of all tables or those named; cloud run and readers go on meanwhile.",
  rest: "TABLE",
  options: {
    ...LAKE_OPTION,
    dryRun: toggle({ help: "Only say what would be rewritten." }),
    today: toggle({ help: "Today's files too, though more will come to them." }),
    ...COMMON_OPTIONS,
  },
  examples: [
    "roadstream cloud compact --lake file:data/lake",
    "roadstream cloud compact gps_data vehicle_data --lake file:data/lake --dry-run",
  ],
});
