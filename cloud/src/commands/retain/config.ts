import { COMMON_OPTIONS, defineCommand, maybe, toggle } from "@roadstream/shared";
import { z } from "zod";
import { LAKE_OPTION } from "../../config.ts";

const FOR_EVER = "all";
const MAX_DAYS = 100_000;

/** How many days stay; `for_ever`: all. */
const keptDays = z.string().transform((text, context): number | "for_ever" => {
  if (text === FOR_EVER) return "for_ever";
  const days = Number(text);
  if (/^\d+$/.test(text) && days >= 1 && days <= MAX_DAYS) return days;
  context.addIssue({
    code: "custom",
    message: `"${text}" is neither ${FOR_EVER} nor a whole number of days`,
  });
  return z.NEVER;
});

export const RETAIN_COMMAND = defineCommand({
  name: "roadstream cloud retain",
  summary:
    "Says for how many days tables keep their rows, and what is older. With --days, sets it for the tables named: cloud run then drops older days, with their pictures, within the hour. With --apply, drops them now.",
  rest: "TABLE",
  options: {
    ...LAKE_OPTION,
    days: maybe(keptDays, {
      help: "Keep rows of so many whole days before today; all: for ever. (default: as it is set, at first all)",
      placeholder: "N|all",
    }),
    apply: toggle({
      help: "Drop what is past its limit now. There is no way back once snapshots have expired.",
    }),
    ...COMMON_OPTIONS,
  },
  examples: [
    "roadstream cloud retain --lake file:data/lake",
    "roadstream cloud retain gps_data traffic_data --days 400 --lake s3://bucket/lake",
    "roadstream cloud retain --apply --lake file:data/lake --json",
  ],
});
