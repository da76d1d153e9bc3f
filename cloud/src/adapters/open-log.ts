import { stat } from "node:fs/promises";
import { RoadstreamError } from "@roadstream/shared";
import { openEventLog, type EventLog, type OpenEventLogOptions } from "@roadstream/shared/event-log";

const SQLITE = "sqlite:";

export interface OpenLogOptions extends OpenEventLogOptions {
  /** Relative paths count from where the caller stands. */
  readonly path: (text: string) => string;
}

const fileOf = (spec: string, { path }: OpenLogOptions): string | null =>
  spec.startsWith(SQLITE) && spec.length > SQLITE.length ? path(spec.slice(SQLITE.length)) : null;

/** Opens the event log that a setting names. */
export const openLog = (spec: string, options: OpenLogOptions): Promise<EventLog> => {
  const file = fileOf(spec, options);
  return openEventLog(file === null ? spec : SQLITE + file, options);
};

/** The same for commands that only read: they make no file where there is none. */
export const openExistingLog = async (spec: string, options: OpenLogOptions): Promise<EventLog> => {
  const file = fileOf(spec, options);
  if (file !== null && (await stat(file).catch(() => null)) === null)
    throw new RoadstreamError("usage", `there is no event log at ${file}`);
  return openLog(spec, options);
};
