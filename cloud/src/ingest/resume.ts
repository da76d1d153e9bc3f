import { RoadstreamError, type TableName, type Sha256 } from "@roadstream/shared";
import type { EventLog } from "@roadstream/shared/event-log";
import { isRemembered } from "../ledger/tombstones.ts";
import type { TableHead } from "../ports.ts";
import { recordIdentity } from "./record-identity.ts";

export interface ResumeOptions {
  readonly log: EventLog;
  readonly table: TableName;
  readonly topic: string;
  readonly head: TableHead;
  readonly sha256: Sha256;
}

/** The log as a table must find it. */
export interface KnownLog {
  readonly logIdentity: string;
  readonly partitionCount: number;
}

const mismatch = (table: TableName, why: string): RoadstreamError =>
  new RoadstreamError("log_mismatch", `${table}: ${why}`, {
    hint:
      `Nothing was written. If this log is meant to feed this lake from now on: --accept-log-change ${table}. ` +
      "Reading then begins at the log's start; records that have landed already are recognised and dropped.",
  });

/** Whether this is the log that the table was built from. Throws `log_mismatch` with an explanation and a way on. */
export const checkLog = async (options: ResumeOptions): Promise<KnownLog> => {
  const { log, table, topic, head } = options;
  const logIdentity = await log.identity(topic);
  const partitionCount = await log.partitions(topic);
  if (partitionCount === null) throw new RoadstreamError("unavailable", `the log has no topic ${topic}`);
  const known = head.ingest;
  if (known === null) return { logIdentity, partitionCount };
  if (known.partitionCount !== partitionCount) {
    throw new RoadstreamError(
      "log_mismatch",
      `${table}: built from ${known.partitionCount} partitions, topic ${topic} has ${partitionCount}`,
      {
        hint: "A vehicle's partition follows from the count. More partitions need a new topic and table generation.",
      },
    );
  }
  if (known.logIdentity !== logIdentity) {
    throw mismatch(table, `built from the log ${known.logIdentity}, this one is ${logIdentity} (recreated?)`);
  }
  return { logIdentity, partitionCount };
};

/**
 * The offset at which the table's share of a partition goes on. The last record before it is recognised by its identity
 * where it is still there; "the log starts exactly at next" is normal for a quiet topic. Throws `log_mismatch` for a
 * log that was rewound, rewritten, or truncated past it.
 */
export const resumeOffset = async (options: ResumeOptions, partition: number): Promise<number> => {
  const { log, table, topic, head, sha256 } = options;
  const at = { topic, partition };
  const { start, end } = await log.range(at);
  const state = head.ingest?.partitions[partition] ?? null;
  if (state === null) return start;
  const { next, last } = state;
  if (next > end)
    throw mismatch(table, `partition ${partition} ends at ${end}, the table has ${next} (rewound?)`);
  if (next < start) {
    throw mismatch(
      table,
      `partition ${partition} starts at ${start}, the table stands at ${next}: ${start - next} records are gone`,
    );
  }
  if (last === null || next - 1 < start) return next;
  const slice = await log.read(at, next - 1, 1);
  if ("kind" in slice || slice.offsets[0] !== next - 1) return next;
  const found = recordIdentity(table, slice.values[0] ?? "", sha256);
  if (!isRemembered(last, found, sha256))
    throw mismatch(
      table,
      `partition ${partition} holds ${found} at ${next - 1}, the table remembers ${last}`,
    );
  return next;
};
