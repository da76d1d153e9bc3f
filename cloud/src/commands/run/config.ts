import {
  COMMON_OPTIONS,
  defineCommand,
  durationText,
  METRICS_OPTION,
  setting,
  toggle,
  type TableName,
} from "@roadstream/shared";
import { z } from "zod";
import { LAKE_OPTION, LOG_OPTION, MAYBE_WAREHOUSE_OPTION } from "../../config.ts";
import { TABLE_NAMES } from "../../lake/table-definition.ts";

const tableNames = z.string().transform((text, context): readonly TableName[] => {
  const names = text.split(",").filter((name) => name !== "");
  const unknown = names.filter((name) => !TABLE_NAMES.some((table) => table === name));
  if (unknown.length === 0) return names as TableName[];
  context.addIssue({
    code: "custom",
    message: `no table ${unknown.join(", ")}; there are ${TABLE_NAMES.join(", ")}`,
  });
  return z.NEVER;
});

export const RUN_COMMAND = defineCommand({
  name: "roadstream cloud run",
  summary:
    "Lands the event log in the lake: batches, validated and without doubles, committed with their offsets.",
  options: {
    ...LOG_OPTION,
    ...LAKE_OPTION,
    group: setting(z.string().regex(/^[A-Za-z0-9._-]{1,128}$/, "must be letters, digits, . _ -"), {
      help: "Workers of one group share the log's partitions.",
      placeholder: "NAME",
      default: "roadstream-cloud",
    }),
    commitInterval: setting(durationText, {
      help: "A table's batch is committed at least this often while records come.",
      placeholder: "DURATION",
      default: "30s",
    }),
    moveCatalog: toggle({
      help: "Hand tables that the file catalog keeps over to --catalog, once and for all.",
    }),
    retain: toggle({
      on: true,
      help: "Drop days that are past their tables' limits, once an hour: see cloud retain. Without, a worker deletes no rows.",
    }),
    untilDrained: toggle({ help: "Land what is in the log now, commit at once, and end." }),
    acceptLogChange: setting(tableNames, {
      help: "Tables that from now on are fed by this log although it was replaced, rewound or truncated.",
      placeholder: "TABLE[,TABLE]",
      default: "",
    }),
    ...MAYBE_WAREHOUSE_OPTION,
    ...METRICS_OPTION,
    ...COMMON_OPTIONS,
  },
  examples: [
    "roadstream cloud run --log sqlite:data/log.sqlite --lake file:data/lake --commit-interval 1s",
    "roadstream cloud run --log kafka://broker:9092 --lake file:/srv/lake --until-drained --json",
  ],
});
