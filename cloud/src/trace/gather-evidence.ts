import {
  RoadstreamError,
  unixMillis,
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
import { explainedRows, forgottenRows } from "../lake/table-history.ts";
import { SUMMARY } from "../lake/table-properties.ts";
import type { LakeTable, LiveFile, ObjectStore, TableHead } from "../ports.ts";
import type { LakeRows } from "../verify/ports.ts";
import type { Evidence, FileSnapshot } from "./evidence.ts";
import { findInLog, readAgain, type LogSearched, type Wanted } from "./find-in-log.ts";
import { gatherCheckpoints } from "./gather-checkpoints.ts";
import type { FindRows, FoundRow, RowSearch } from "./ports.ts";

export interface TraceContext {
  readonly store: ObjectStore;
  readonly tables: Readonly<Record<TableName, LakeTable>>;
  readonly zstd: Zstd;
  readonly sha256: Sha256;
  readonly findRows: FindRows;
  readonly rows: Pick<LakeRows, "checkpoints">;
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

/** The record, or its dead letter, among what the table has not read yet. */
const waiting = async (
  log: EventLog,
  head: TableHead | null,
  search: { readonly topic: string; readonly id: RecordId; readonly wanted: Wanted },
): Promise<LogSearched> => {
  const { topic, id, wanted } = search;
  const partitions = await log.partitions(topic);
  if (partitions === null) return { found: null, unsearched: null };
  const partition = partitionOf(id.vehicleId, partitions);
  const next = head?.ingest?.partitions[partition]?.next;
  const from = next ?? (await log.range({ topic, partition })).start;
  return findInLog(log, { at: { topic, partition }, from, id, wanted });
};

const logged = async (
  { log, topics }: TraceContext,
  heads: CurrentHeads,
  id: RecordId,
  row: FoundRow | undefined,
): Promise<Pick<Evidence, "logged" | "unsearched">> => {
  if (log === null) return { logged: "unread", unsearched: [] };
  const topic = topics.streams[id.stream];
  const known = heads[id.stream]?.ingest?.logIdentity ?? null;
  if (known !== null && (await log.identity(topic)) !== known) {
    throw new RoadstreamError("log_mismatch", `${id.stream} was not built from this log`, {
      hint: "Without --log the record is traced in the lake alone.",
    });
  }
  if (row !== undefined) {
    const at = { topic, partition: Number(row.values["log_partition"]) };
    return { logged: await readAgain(log, at, Number(row.values["log_offset"]), id), unsearched: [] };
  }
  const record = await waiting(log, heads[id.stream], { topic, id, wanted: "record" });
  if (record.found !== null) return { logged: record.found, unsearched: [] };
  const letters = { topic: topics.deadLetters, id, wanted: "dead_letter" } as const;
  const letter = await waiting(log, heads.dead_letters, letters);
  if (letter.found !== null) return { logged: letter.found, unsearched: [] };
  return {
    logged: null,
    unsearched: [record, letter].flatMap(({ unsearched }) => (unsearched === null ? [] : [unsearched])),
  };
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
  const dropped = await find("agent_events", {
    equal: { vehicle_id: vehicleId, kind: "dropped", about_stream: stream },
    covering: seq,
  });
  // Of its own boot a car need not say that it is.
  const gaps = dropped.filter(({ values }) => (values["about_boot_id"] ?? values["boot_id"]) === bootId);
  const head = heads[stream];
  const events = heads.agent_events;
  const { rows: lakeRows, topics } = context;
  const marks = (await ledgerOf(context, heads, "agent_events", vehicleId))?.checkpoints() ?? [];
  const files = events === null ? [] : await context.tables.agent_events.files(events);
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
    hasRemovals: head !== null && explainedRows(head.stored.metadata) > 0,
    hasForgotten: [head, heads.dead_letters].some(
      (one) => one !== null && forgottenRows(one.stored.metadata) > 0,
    ),
    checkpoint: await gatherCheckpoints({ marks, rows: lakeRows, files, heads, topics }, id),
    ...(await logged(context, heads, id, rows[0])),
  };
};
