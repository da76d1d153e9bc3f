import { COMMON_OPTIONS, defineCommand, isVehicleId, maybe } from "@roadstream/shared";
import { z } from "zod";
import { LAKE_OPTION, MAYBE_LOG_OPTION } from "../../config.ts";

export const VERIFY_COMMAND = defineCommand({
  name: "roadstream cloud verify",
  summary:
    "Says what became of every reading, from the ledger and again by SQL over the rows. Exit code 3: something is lost or doubled.",
  options: {
    ...LAKE_OPTION,
    ...MAYBE_LOG_OPTION,
    vehicle: maybe(z.string().refine(isVehicleId, { message: "must be 1 to 64 letters, digits, _ -" }), {
      help: "Judge this vehicle only.",
      placeholder: "ID",
    }),
    ...COMMON_OPTIONS,
  },
  examples: [
    "roadstream cloud verify --lake file:data/lake --log sqlite:data/log.sqlite",
    "roadstream cloud verify --lake file:/srv/lake --vehicle car-1 --json",
  ],
});
