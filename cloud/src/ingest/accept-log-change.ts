import { RoadstreamError, type TableName } from "@roadstream/shared";
import { beginWork } from "../lake/work-age.ts";
import type { PartitionState } from "../ports.ts";
import { newUuid, type IngestContext } from "./ingest-context.ts";
import { topicOf } from "./record-identity.ts";

/**
 * The explicit way on after a log was replaced, rewound or truncated: one commit without rows makes all partitions of
 * the table begin at the start of this log. Ledger and tombstones stay, so that records which have landed are dropped.
 */
export const acceptLogChange = async (context: IngestContext, table: TableName): Promise<void> => {
  const topic = topicOf(context.topics, table);
  const lakeTable = context.tables[table];
  const begunAt = beginWork(context.clock);
  const base = await lakeTable.head();
  if (base.ingest === null) return;
  const { partitionCount } = base.ingest;
  const found = await context.log.partitions(topic);
  if (found !== partitionCount) {
    throw new RoadstreamError(
      "log_mismatch",
      `${table}: ${partitionCount} partitions, the log has ${found ?? "none"}`,
      {
        hint: "A vehicle's partition follows from the count, so this change cannot be accepted.",
      },
    );
  }
  const commitId = newUuid(context);
  const partitions: Record<number, PartitionState> = {};
  for (let partition = 0; partition < partitionCount; partition += 1) {
    const { start } = await context.log.range({ topic, partition });
    const before = base.ingest.partitions[partition] ?? { ledger: null };
    partitions[partition] = { ...before, next: start, last: null, commit: commitId };
  }
  const outcome = await lakeTable.append({
    base,
    commitId,
    files: [],
    partitions,
    logIdentity: await context.log.identity(topic),
    partitionCount,
    begunAt,
  });
  if (outcome.kind !== "committed") {
    throw new RoadstreamError("refused", `${table}: the log change was not recorded: ${outcome.reason}`, {
      hint: "another worker was faster; run it again",
    });
  }
  context.logger.warn("log_change_accepted", { table, was: base.ingest.logIdentity });
};
