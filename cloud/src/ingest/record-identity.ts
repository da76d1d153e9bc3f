import { formatRecordId, type LogTopics, type TableName, type Sha256 } from "@roadstream/shared";
import { readDeadLetter } from "../dead-letters/read-dead-letter.ts";
import { readFast, readSlow } from "./read-record.ts";

/**
 * What the table remembers of the last record before its next offset, to recognise the log by: the identity where the
 * record has one, else a hash of its bytes.
 */
export const recordIdentity = (table: TableName, value: string, sha256: Sha256): string => {
  const nameless = (): string => `sha256:${sha256(Buffer.from(value, "latin1"))}`;
  if (table === "dead_letters") {
    const letter = readDeadLetter(value);
    return letter.kind === "letter" ? letter.id : nameless();
  }
  const record = readFast(table, value) ?? readSlow(table, value);
  return record.kind === "record" ? formatRecordId({ ...record, stream: table }) : nameless();
};

/** The log's topic that feeds a table. */
export const topicOf = (topics: LogTopics, table: TableName): string =>
  table === "dead_letters" ? topics.deadLetters : topics.streams[table];
