import type { LogAppend, LogBlock, LogEntry } from "./event-log.ts";

/** The whole lines of a text that holds records without their head. */
export const withHead = (head: string, text: string): readonly string[] =>
  // A line begins with `{`, and within one there is no newline.
  text.split("\n").map((line) => head + line.slice(1));

export const isBlock = (entry: LogEntry): entry is LogBlock => "text" in entry;

/** How many records an entry is. */
export const recordsIn = (entry: LogEntry): number => (isBlock(entry) ? entry.count : 1);

/** A block as single records, for a log that keeps each by itself. */
export const singleRecords = (entries: readonly LogEntry[]): readonly LogAppend[] =>
  entries.flatMap((entry) => {
    if (!isBlock(entry)) return entry;
    const { topic, key } = entry;
    return withHead(entry.head, entry.text).map((value) => ({ topic, key, value }));
  });
