import { COMMON_OPTIONS, defineCommand, maybe } from "@roadstream/shared";
import { z } from "zod";
import { LOG_OPTION } from "../../config.ts";

export const GROUPS_COMMAND = defineCommand({
  name: "roadstream cloud groups",
  summary:
    "Lists the groups of workers for which an event log on SQLite keeps records, and forgets one that will not come back.",
  options: {
    ...LOG_OPTION,
    forget: maybe(z.string().min(1), {
      help: "Lets go of this group. Records that it alone had not landed may then be deleted.",
      placeholder: "GROUP",
    }),
    ...COMMON_OPTIONS,
  },
  examples: [
    "roadstream cloud groups --log sqlite:data/log.sqlite",
    "roadstream cloud groups --log sqlite:data/log.sqlite --forget try",
  ],
});
