import type { LogTopics } from "@roadstream/shared";
import type { EventLog } from "@roadstream/shared/event-log";
import { recordsBehind } from "../ingest/records-behind.ts";
import { topicOf } from "../ingest/record-identity.ts";
import type { CurrentHeads } from "../lake/current-heads.ts";
import type { MeasureLag, PartitionLag } from "./ports.ts";

/** Log end less table offset. The log is asked after the heads were read: it may seem a little further, never less far. */
export const logLag =
  (
    log: Pick<EventLog, "partitions" | "identity" | "range">,
    topics: LogTopics,
    heads: Partial<CurrentHeads>,
  ): MeasureLag =>
  async (table) => {
    const topic = topicOf(topics, table);
    const count = await log.partitions(topic);
    const known = heads[table]?.ingest ?? null;
    if (count === null) return { log: known === null ? "absent" : "replaced", lag: null };
    const lags: PartitionLag[] = [];
    for (let partition = 0; partition < count; partition += 1) {
      const range = await log.range({ topic, partition });
      const next = known?.partitions[partition]?.next ?? 0;
      lags.push({ partition, ...range, next, records: recordsBehind(range, next) });
    }
    const isReplaced =
      known !== null &&
      (known.logIdentity !== (await log.identity(topic)) || lags.some(({ next, end }) => next > end));
    if (!isReplaced) return { log: "same", lag: lags };
    // Where the table would read on says nothing about another log: all that it holds has not landed.
    return { log: "replaced", lag: lags.map((one) => ({ ...one, records: one.end - one.start })) };
  };
