import * as contractLimits from "../contract/limits.ts";
import { STREAM_NAMES } from "../contract/streams.ts";
import * as logLimits from "../event-log/log-limits.ts";
import { documentedConstants } from "./documented-constants.ts";
import { streamSchema } from "./json-schema.ts";
import { referencePage } from "./reference-page.ts";

export interface GeneratedFile {
  /** Below docs/. */
  readonly path: string;
  readonly text: string;
}

/** Everything below docs/ that derives from the contract. `sourceOf` gives the text of a file below shared/src. */
export const generatedFiles = (sourceOf: (path: string) => string): readonly GeneratedFile[] => {
  const limits = [
    ...documentedConstants(sourceOf("contract/limits.ts"), contractLimits),
    ...documentedConstants(sourceOf("event-log/log-limits.ts"), logLimits),
  ];
  return [
    { path: "streams.md", text: referencePage(limits) },
    ...STREAM_NAMES.map((name) => ({
      path: `schemas/${name}.schema.json`,
      text: `${JSON.stringify(streamSchema(name), null, 2)}\n`,
    })),
  ];
};
