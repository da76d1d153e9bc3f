import { acceptor, allTopics, logTopics, MemoryMetrics, silentLogger, unixMillis } from "@roadstream/shared";
import { nodeSha256, nodeZstd, systemClock, systemRandom } from "@roadstream/shared/adapters";
import { openEventLog, type EventLogWriter, type LogAppend } from "@roadstream/shared/event-log";
import { gpsLoad, LOAD_START } from "../gateway/readings-load.ts";

const PARTITIONS = 6;
const CLIENTS = 100;
const PER_PUBLISH = 20;
/** Every fiftieth publish comes a second time, as after a lost acknowledgement. */
const DOUBLE_EVERY = 50;
/** About as many as come in one turn of a busy gateway. */
const APPEND_RECORDS = 2000;
const DELAY_MS = 900;
const TOPICS = logTopics({});

/** Where the readings are, and how many of them there are. */
export interface FilledTopic {
  readonly topic: string;
  /** With the doubles, also those of appends that were sent again. */
  readonly records: number;
  readonly readings: number;
  readonly bytesPerRecord: number;
}

/** The publishes of many cars at the same time, each judged as the gateway judges it. */
const gatewayEntries = function* (readings: number): Generator<readonly LogAppend[]> {
  const accept = acceptor({ topics: TOPICS, sha256: nodeSha256, zstd: nodeZstd });
  const cars = gpsLoad({ clients: CLIENTS, readings, perPublish: PER_PUBLISH, zstd: null, seed: 5 });
  const publishes = cars[0]?.payloads.length ?? 0;
  let count = 0;
  for (let n = 0; n < publishes; n += 1) {
    const receivedAt = unixMillis(LOAD_START + (n + 1) * PER_PUBLISH * 1000 + DELAY_MS);
    for (const { clientId, topic, payloads } of cars) {
      const { entries, rejections } = accept({
        clientId,
        topic,
        payload: payloads[n] ?? new Uint8Array(),
        receivedAt,
      });
      if (rejections.length > 0) throw new Error(`refused: ${rejections.join()}`);
      yield entries;
      if ((count += 1) % DOUBLE_EVERY === 0) yield entries;
    }
  }
};

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
  await opened.createTopics(allTopics(TOPICS), PARTITIONS);
  const writer = disposal.use(await opened.writer());
  let sent = 0;
  let bytes = 0;
  let pending: LogAppend[] = [];
  for (const entries of gatewayEntries(readings)) {
    pending.push(...entries);
    sent += entries.length;
    for (const { value } of entries) bytes += value.length;
    if (pending.length < APPEND_RECORDS) continue;
    await append(writer, pending);
    pending = [];
  }
  await append(writer, pending);
  const topic = TOPICS.streams.gps_data;
  let records = 0;
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    const { start, end } = await opened.range({ topic, partition });
    records += end - start;
  }
  return { topic, records, readings, bytesPerRecord: Math.round(bytes / sent) };
};
