import { COMMON_OPTIONS, defineCommand } from "@roadstream/shared";
import { LAKE_OPTION, MAYBE_LOG_OPTION } from "../../config.ts";

export const TRACE_COMMAND = defineCommand({
  name: "roadstream cloud trace",
  summary:
    "Follows one record, vehicle/boot/stream/seq, through all stages with times: 0 where its fate is known, else 1.",
  positionals: ["ID"],
  options: { ...LAKE_OPTION, ...MAYBE_LOG_OPTION, ...COMMON_OPTIONS },
  examples: [
    "roadstream cloud trace car-1/0190d5e4-7b1a-7abc-8def-0123456789ab/gps_data/17 --lake file:data/lake --log sqlite:data/log.sqlite",
  ],
});
