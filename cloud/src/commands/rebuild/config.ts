import { COMMON_OPTIONS, defineCommand, toggle } from "@roadstream/shared";
import { LAKE_OPTION } from "../../config.ts";

export const REBUILD_COMMAND = defineCommand({
  name: "roadstream cloud rebuild",
  summary:
    "Writes a table's ledger anew from its rows, for the log partitions where it is gone, unreadable or does not add up; the others, rows and offsets stay. It then knows nothing of rows that retention or another engine removed: sent again, they land again. What was erased with cloud erase stays refused.",
  positionals: ["TABLE"],
  options: {
    ...LAKE_OPTION,
    dryRun: toggle({ help: "Only say what would be rebuilt." }),
    ...COMMON_OPTIONS,
  },
  examples: [
    "roadstream cloud rebuild gps_data --lake file:data/lake --dry-run",
    "roadstream cloud rebuild gps_data --lake file:data/lake",
  ],
});
