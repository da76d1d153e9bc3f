import { COMMON_OPTIONS, defineCommand, durationText, setting, toggle, wholeText } from "@roadstream/shared";
import { LAKE_OPTION } from "../../config.ts";

export const EXPIRE_COMMAND = defineCommand({
  name: "roadstream cloud expire",
  summary:
    "Lets go of old snapshots of all tables or those named, beyond what cloud run lets go of with each commit; rows stay.",
  rest: "TABLE",
  options: {
    ...LAKE_OPTION,
    olderThan: setting(durationText, {
      help: "Younger snapshots stay: readers may still use them.",
      placeholder: "DURATION",
      default: "1h",
    }),
    keep: setting(wholeText(1, 1_000_000), {
      help: "So many of the newest stay, however old.",
      placeholder: "N",
      default: "1",
    }),
    dryRun: toggle({ help: "Only say how many would go." }),
    ...COMMON_OPTIONS,
  },
  examples: [
    "roadstream cloud expire --lake file:data/lake --dry-run",
    "roadstream cloud expire gps_data --lake file:data/lake --older-than 7d --keep 10",
  ],
});
