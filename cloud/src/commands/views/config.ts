import { COMMON_OPTIONS, defineCommand, setting, toggle } from "@roadstream/shared";
import { z } from "zod";
import { ATHENA_OPTIONS, LAKE_OPTION } from "../../config.ts";

export const VIEWS_COMMAND = defineCommand({
  name: "roadstream cloud views",
  summary:
    "Prints, or makes in Amazon Athena, the views over the lake's tables: moments, the seed system's columns, and the facts of driving (docs/facts.md). cloud sql has them by itself.",
  options: {
    ...LAKE_OPTION,
    engine: setting(z.enum(["athena"]), {
      help: "Whose SQL.",
      placeholder: "athena",
      default: "athena",
    }),
    create: toggle({ help: "Make them, or make them anew, instead of printing what would." }),
    ...ATHENA_OPTIONS,
    ...COMMON_OPTIONS,
  },
  examples: [
    "roadstream cloud views --lake s3://bucket/lake",
    "roadstream cloud views --lake s3://bucket/lake --catalog glue:cars --create --workgroup roadstream",
  ],
});
