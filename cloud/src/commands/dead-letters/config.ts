import { COMMON_OPTIONS, defineCommand, maybe, setting, toggle, wholeText } from "@roadstream/shared";
import { z } from "zod";
import { LAKE_OPTION, LOG_OPTION } from "../../config.ts";

const FILTER_OPTIONS = {
  since: maybe(z.string(), { help: "Refused since then: a time, or how long ago.", placeholder: "TIME|2h" }),
  reason: maybe(z.string(), { help: "Of this reason only.", placeholder: "NAME" }),
  vehicle: maybe(z.string(), { help: "Of this vehicle only.", placeholder: "ID" }),
  stream: maybe(z.string(), { help: "Of this stream only.", placeholder: "NAME" }),
} as const;

export const LIST_COMMAND = defineCommand({
  name: "roadstream cloud dead-letters list",
  summary: "Lists what was refused, newest first, with its reason.",
  options: {
    ...LAKE_OPTION,
    ...FILTER_OPTIONS,
    limit: setting(wholeText(1, 100_000), { help: "At most so many.", placeholder: "N", default: "50" }),
    ...COMMON_OPTIONS,
  },
  examples: ["roadstream cloud dead-letters list --lake file:data/lake --since 2h --reason out_of_range"],
});

export const SHOW_COMMAND = defineCommand({
  name: "roadstream cloud dead-letters show",
  summary: "Shows one dead letter whole: why it was refused, and its bytes.",
  positionals: ["DEAD_LETTER_ID"],
  options: { ...LAKE_OPTION, ...COMMON_OPTIONS },
  examples: ["roadstream cloud dead-letters show 5f0c… --lake file:data/lake"],
});

export const REPLAY_COMMAND = defineCommand({
  name: "roadstream cloud dead-letters replay",
  summary: "Judges dead letters anew and sends what now passes through the log again; nothing lands twice.",
  options: {
    ...LAKE_OPTION,
    ...LOG_OPTION,
    ...FILTER_OPTIONS,
    id: maybe(z.string(), { help: "This letter only.", placeholder: "DEAD_LETTER_ID" }),
    transform: maybe(z.string(), {
      help: "A JavaScript module whose default export, (record, letter) => record, mends each record; null leaves it.",
      placeholder: "FILE.mjs",
    }),
    dryRun: toggle({ help: "Only say what would be sent." }),
    ...COMMON_OPTIONS,
  },
  examples: [
    "roadstream cloud dead-letters replay --lake file:data/lake --log sqlite:data/log.sqlite --since 1d --reason out_of_range --transform mend.mjs --dry-run",
  ],
});
