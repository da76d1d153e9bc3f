import { COMMON_OPTIONS, defineCommand, isVehicleId, setting, toggle } from "@roadstream/shared";
import { z } from "zod";
import { LAKE_OPTION } from "../../config.ts";

export const ERASE_COMMAND = defineCommand({
  name: "roadstream cloud erase",
  summary:
    "Erases a vehicle from the lake, for good: its rows in all tables, its dead letters, its pictures, its name in the ledgers, older snapshots. The numbers of its readings stay under a hash, so that they never land again. cloud run and readers go on meanwhile. Stopped or killed, it is finished by being run again.",
  options: {
    ...LAKE_OPTION,
    vehicle: setting(z.string().refine(isVehicleId, { message: "must be 1 to 64 letters, digits, _ -" }), {
      help: "The vehicle. There is no way back.",
      placeholder: "ID",
    }),
    dryRun: toggle({ help: "Only say what would be erased." }),
    ...COMMON_OPTIONS,
  },
  examples: [
    "roadstream cloud erase --vehicle car-1 --lake file:data/lake --dry-run",
    "roadstream cloud erase --vehicle car-1 --lake s3://bucket/lake --catalog glue:roadstream --json",
  ],
});
