import { COMMON_OPTIONS, defineCommand, durationText, setting, toggle, wholeText } from "@roadstream/shared";
import { LAKE_OPTION, MAYBE_LOG_OPTION } from "../../config.ts";

const MOST = Number.MAX_SAFE_INTEGER;

export const STATUS_COMMAND = defineCommand({
  name: "roadstream cloud status",
  summary:
    "Says how fresh each table is, how long readings took, how far behind the log it is, and what of that is alarming.",
  options: {
    ...LAKE_OPTION,
    ...MAYBE_LOG_OPTION,
    window: setting(durationText, {
      help: "Rows and commits of this long are looked at.",
      placeholder: "DURATION",
      default: "1h",
    }),
    alarmLag: setting(wholeText(0, MOST), {
      help: "lag_high: more records of one partition than this are not landed.",
      placeholder: "RECORDS",
      default: "100000",
    }),
    alarmStale: setting(durationText, {
      help: "stale: records wait, and the last commit is longer ago than this.",
      placeholder: "DURATION",
      default: "5m",
    }),
    alarmLatency: setting(durationText, {
      help: "latency_high: 1 of 100 rows took longer than this from the gateway to the lake.",
      placeholder: "DURATION",
      default: "2m",
    }),
    alarmConflicts: setting(wholeText(0, 100_000), {
      help: "conflicts_high: in a hundred commits, others came first, or a batch was dropped for them, more often than this.",
      placeholder: "PERCENT",
      default: "100",
    }),
    alarmDeadLetters: setting(wholeText(0, MOST), {
      help: "dead_letters_rising: more records than this were refused within the window.",
      placeholder: "RECORDS",
      default: "100",
    }),
    failOnAlarm: toggle({ help: "Exit with 3 when there is an alarm." }),
    ...COMMON_OPTIONS,
  },
  examples: [
    "roadstream cloud status --lake file:data/lake --log sqlite:data/log.sqlite",
    "roadstream cloud status --lake s3://bucket/lake --log kafka://kafka:9092 --window 10m --fail-on-alarm --json",
  ],
});
