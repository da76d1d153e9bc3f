import { allTopics, MemoryMetrics, silentLogger } from "@roadstream/shared";
import { systemClock, systemRandom } from "@roadstream/shared/adapters";
import {
  openEventLog,
  singleRecords,
  type EventLogWriter,
  type LogAppend,
} from "@roadstream/shared/event-log";
import { BENCH_TOPICS, gatewayEntries } from "../gateway-entries.ts";

const PARTITIONS = 6;
/** About as many as come in one turn of a busy gateway. */
const APPEND_RECORDS = 2000;

/** Where the readings are, and how many of them there are. */
export interface FilledTopic {
  readonly topic: string;
  /** With the doubles, also those of appends that were sent again. */
  readonly records: number;
  readonly readings: number;
  readonly bytesPerRecord: number;
}

const append = async (writer: EventLogWriter, records: readonly LogAppend[]): Promise<void> => {
  const outcome = await writer.append(records);
  if (outcome.kind !== "durable") throw new Error(outcome.reason);
};

/** Fills a fresh log with GPS readings by the code that fills it in the field: the gateway's judgement, its records, its writer. */
export const fillTopic = async (log: string, readings: number): Promise<FilledTopic> => {
  const opened = await openEventLog(log, {
    clock: systemClock(),
    random: systemRandom(),
    logger: silentLogger,
    metrics: new MemoryMetrics(),
    env: {},
  });
  await using disposal = new AsyncDisposableStack();
  disposal.use(opened);
  await opened.createTopics(allTopics(BENCH_TOPICS), PARTITIONS);
  const writer = disposal.use(await opened.writer());
  let sent = 0;
  let bytes = 0;
  let pending: LogAppend[] = [];
  for (const entries of gatewayEntries(readings)) {
    const records = singleRecords(entries);
    pending.push(...records);
    sent += records.length;
    for (const { value } of records) bytes += value.length;
    if (pending.length < APPEND_RECORDS) continue;
    await append(writer, pending);
    pending = [];
  }
  await append(writer, pending);
  const topic = BENCH_TOPICS.streams.gps_data;
  let records = 0;
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    const { start, end } = await opened.range({ topic, partition });
    records += end - start;
  }
  return { topic, records, readings, bytesPerRecord: Math.round(bytes / sent) };
};
