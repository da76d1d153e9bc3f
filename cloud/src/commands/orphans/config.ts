import { COMMON_OPTIONS, defineCommand, durationText, maybe, toggle } from "@roadstream/shared";
import { LAKE_OPTION } from "../../config.ts";

export const ORPHANS_COMMAND = defineCommand({
  name: "roadstream cloud orphans",
  summary:
    "Counts the objects of all tables or those named that no snapshot and no ledger names, left by crashes, conflicts, expiry and newer ledgers, and with traffic_data the pictures that no row names; with --remove, removes them.",
  rest: "TABLE",
  options: {
    ...LAKE_OPTION,
    remove: toggle({ help: "Remove them; batches that are older than the limit can then no longer land." }),
    olderThan: maybe(durationText, {
      help: "Younger objects may belong to work under way; less than 2h is taken as 2h. (default: 3d)",
      placeholder: "DURATION",
    }),
    ...COMMON_OPTIONS,
  },
  examples: [
    "roadstream cloud orphans --lake file:data/lake",
    "roadstream cloud orphans gps_data --lake file:data/lake --older-than 12h --remove",
  ],
});
