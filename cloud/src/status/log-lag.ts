import type { LogTopics } from "@roadstream/shared";
import type { EventLog } from "@roadstream/shared/event-log";
import { recordsBehind } from "../ingest/records-behind.ts";
import { topicOf } from "../ingest/record-identity.ts";
import type { CurrentHeads } from "../lake/current-heads.ts";
import type { MeasureLag, PartitionLag } from "./ports.ts";

/** Log end less table offset. The log is asked after the heads were read: it may seem a little further, never less far. */
export const logLag =
  (log: EventLog, topics: LogTopics, heads: CurrentHeads): MeasureLag =>
  async (table) => {
    const topic = topicOf(topics, table);
    const count = await log.partitions(topic);
    if (count === null) return null;
    const states = heads[table]?.ingest?.partitions ?? {};
    const lags: PartitionLag[] = [];
    for (let partition = 0; partition < count; partition += 1) {
      const range = await log.range({ topic, partition });
      const next = states[partition]?.next ?? 0;
      lags.push({ partition, ...range, next, records: recordsBehind(range, next) });
    }
    return lags;
  };
