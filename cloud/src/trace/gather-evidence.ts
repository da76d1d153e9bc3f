import {
  RoadstreamError,
  unixMillis,
  type Checkpoint,
  type LogTopics,
  type RecordId,
  type Sha256,
  type TableName,
  type Zstd,
} from "@roadstream/shared";
import { partitionOf, type EventLog } from "@roadstream/shared/event-log";
import { loadLedger, recallSeries } from "../ledger/load-ledger.ts";
import type { PartitionLedger } from "../ledger/partition-ledger.ts";
import { loadTombstones } from "../ledger/tombstone-file.ts";
import { seriesText } from "../ledger/series-ranges.ts";
import { currentHeads, type CurrentHeads } from "../lake/current-heads.ts";
import { foreignRows, ownRemovedRows } from "../lake/table-history.ts";
import { SUMMARY } from "../lake/table-properties.ts";
import type { LakeTable, LiveFile, ObjectStore, TableHead } from "../ports.ts";
import type { CheckpointEvidence, Evidence, FileSnapshot, LoggedRecord } from "./evidence.ts";
import { findInLog, readAgain, type Wanted } from "./find-in-log.ts";
import type { FindRows, FoundRow, RowSearch } from "./ports.ts";

export interface TraceContext {
  readonly store: ObjectStore;
  readonly tables: Readonly<Record<TableName, LakeTable>>;
  readonly zstd: Zstd;
  readonly sha256: Sha256;
  readonly findRows: FindRows;
  readonly topics: LogTopics;
  /** Null when no log was named. */
  readonly log: EventLog | null;
}

const snapshotOf = (head: TableHead, file: LiveFile): FileSnapshot | null => {
  const snapshot = head.stored.metadata.snapshots.find(
    (one) => one["sequence-number"] === file.sequenceNumber,
  );
  return snapshot === undefined
    ? null
    : {
        id: snapshot["snapshot-id"],
        sequenceNumber: snapshot["sequence-number"],
        committedAt: unixMillis(snapshot["timestamp-ms"]),
        operation: snapshot.summary["operation"] ?? "",
        commit: snapshot.summary[SUMMARY.commit] ?? null,
      };
};

/** The ledger of the vehicle's partition of a table; null where nothing was committed. */
const ledgerOf = async (
  context: TraceContext,
  heads: CurrentHeads,
  table: TableName,
  vehicleId: string,
): Promise<PartitionLedger | null> => {
  const state = heads[table]?.ingest ?? null;
  if (state === null) return null;
  const partition = partitionOf(vehicleId, state.partitionCount);
  const { ledger = null, erased = null } = state.partitions[partition] ?? {};
  const place = { table, partition };
  const tombstones = await loadTombstones(context, place, erased);
  return loadLedger(context.store, context.zstd, place, ledger, tombstones);
};

const ledgerVerdict = async (
  context: TraceContext,
  heads: CurrentHeads,
  id: RecordId,
): Promise<Evidence["ledger"]> => {
  const ledger = await ledgerOf(context, heads, id.stream, id.vehicleId);
  if (ledger === null) return null;
  const archive = ledger.archiveOf(id);
  const series =
    archive === null
      ? ledger.find(id)
      : await recallSeries(context.store, context.zstd, archive, seriesText(id));
  if (series?.landed.has(id.seq) === true) return "landed";
  const erased = ledger.erased.find(id);
  if (erased !== null && (erased.landed.has(id.seq) || erased.rejected.has(id.seq))) return "erased";
  return series?.rejected.has(id.seq) === true ? "rejected" : null;
};

const removedRows = ({ stored: { metadata } }: TableHead): number =>
  ownRemovedRows(metadata) + foreignRows(metadata).removed;

const speaksOf = (checkpoint: Checkpoint, id: RecordId): boolean =>
  checkpoint.boots.some((boot) => boot.boot_id === id.bootId && boot.streams[id.stream] !== undefined);

const newestCheckpoint = async (
  context: TraceContext,
  heads: CurrentHeads,
  id: RecordId,
): Promise<CheckpointEvidence | null> => {
  const ledger = await ledgerOf(context, heads, "agent_events", id.vehicleId);
  const mark = [...(ledger?.checkpoints() ?? [])].find(
    (one) => one.vehicleId === id.vehicleId && speaksOf(one.checkpoint, id),
  );
  if (mark === undefined) return null;
  const { streams, deadLetters } = context.topics;
  const hasPassed = (table: TableName, topic: string): boolean => {
    const partitions = heads[table]?.ingest?.partitions ?? {};
    return (mark.ends[topic] ?? []).every((end, partition) => (partitions[partition]?.next ?? 0) >= end);
  };
  const isPassed = hasPassed(id.stream, streams[id.stream]) && hasPassed("dead_letters", deadLetters);
  return { checkpoint: mark.checkpoint, seq: mark.seq, isPassed };
};

/** The record, or its dead letter, among what the table has not read yet. */
const waiting = async (
  log: EventLog,
  head: TableHead | null,
  search: { readonly topic: string; readonly id: RecordId; readonly wanted: Wanted },
): Promise<LoggedRecord | null> => {
  const { topic, id, wanted } = search;
  const partitions = await log.partitions(topic);
  if (partitions === null) return null;
  const partition = partitionOf(id.vehicleId, partitions);
  const from = head?.ingest?.partitions[partition]?.next ?? 0;
  return findInLog(log, { at: { topic, partition }, from, id, wanted });
};

const logged = async (
  { log, topics }: TraceContext,
  heads: CurrentHeads,
  id: RecordId,
  row: FoundRow | undefined,
): Promise<LoggedRecord | null | "unread"> => {
  if (log === null) return "unread";
  const topic = topics.streams[id.stream];
  const known = heads[id.stream]?.ingest?.logIdentity ?? null;
  if (known !== null && (await log.identity(topic)) !== known) {
    throw new RoadstreamError("log_mismatch", `${id.stream} was not built from this log`, {
      hint: "Without --log the record is traced in the lake alone.",
    });
  }
  if (row !== undefined) {
    const at = { topic, partition: Number(row.values["log_partition"]) };
    return readAgain(log, at, Number(row.values["log_offset"]), id);
  }
  return (
    (await waiting(log, heads[id.stream], { topic, id, wanted: "record" })) ??
    (await waiting(log, heads.dead_letters, { topic: topics.deadLetters, id, wanted: "dead_letter" }))
  );
};

/** Collects all that tables, ledgers and, where it is named, the log know of one record. */
export const gatherEvidence = async (context: TraceContext, id: RecordId): Promise<Evidence> => {
  const heads = await currentHeads(context);
  const find = async (
    table: TableName,
    search: Pick<RowSearch, "equal" | "covering">,
  ): Promise<readonly FoundRow[]> => {
    const head = heads[table];
    if (head === null) return [];
    const files = await context.tables[table].files(head);
    return context.findRows({ definition: context.tables[table].definition, files, ...search });
  };
  const { vehicleId, bootId, stream, seq } = id;
  const boot = { vehicle_id: vehicleId, boot_id: bootId };
  const rows = await find(stream, { equal: { ...boot, seq } });
  const letters = await find("dead_letters", { equal: { ...boot, stream }, covering: seq });
  const gaps = await find("agent_events", {
    equal: { vehicle_id: vehicleId, kind: "dropped", about_boot_id: bootId, about_stream: stream },
    covering: seq,
  });
  const head = heads[stream];
  return {
    id,
    landed: rows.map(({ values, file }) => ({
      values,
      file: context.store.location(file.key),
      snapshot: head === null ? null : snapshotOf(head, file),
    })),
    deadLetters: letters.map(({ values }) => values),
    gaps: gaps.map(({ values }) => values),
    ledger: await ledgerVerdict(context, heads, id),
    hasRemovals: head !== null && removedRows(head) > 0,
    checkpoint: await newestCheckpoint(context, heads, id),
    logged: await logged(context, heads, id, rows[0]),
  };
};
