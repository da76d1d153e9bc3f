import { RoadstreamError, type LogTopics } from "@roadstream/shared";
import { partitionOf } from "@roadstream/shared/event-log";
import { topicOf } from "../ingest/record-identity.ts";
import { TABLE_NAMES } from "../lake/table-definition.ts";
import type { TopicEnds } from "../ledger/ledger-delta.ts";
import type { CurrentHeads } from "../lake/current-heads.ts";

/**
 * Whether all tables have read on beyond the ends that were kept with a checkpoint, in this vehicle's partition of each:
 * no record of it lies in another, workers refuse such. Throws `usage` when the topics have other names than here.
 */
export const hasPassedEnds = (
  ends: TopicEnds,
  vehicleId: string,
  heads: CurrentHeads,
  topics: LogTopics,
): boolean => {
  const known = new Set(TABLE_NAMES.map((table) => topicOf(topics, table)));
  const strange = Object.keys(ends).filter((topic) => !known.has(topic));
  if (strange.length > 0) {
    throw new RoadstreamError("usage", `the lake was fed from topics of other names: ${strange.join(", ")}`, {
      hint: "set GPS_TOPIC, VEHICLE_TOPIC and so on as they are set for cloud run",
    });
  }
  return TABLE_NAMES.every((table) => {
    const partitions = ends[topicOf(topics, table)] ?? [];
    if (partitions.length === 0) return true;
    const partition = partitionOf(vehicleId, partitions.length);
    const end = partitions[partition] ?? 0;
    return end <= (heads[table]?.ingest?.partitions[partition]?.next ?? 0);
  });
};
