import type { Column, TableName, UnixMillis } from "@roadstream/shared";
import type { StoredTable } from "./lake/stored-table.ts";
import type { WorkBegin } from "./lake/work-age.ts";

/**
 * Where the lake's objects lie: a folder, or S3. Keys are relative to the lake's root, `/`-separated, never with `..`.
 */
export interface ObjectStore extends AsyncDisposable {
  /** For people and for engines: `file:DIR` or `s3://bucket/prefix`, without secrets. */
  readonly root: string;
  /**
   * Puts an object that must not exist yet, durable when it resolves. `exists`: another writer has this key ·
   * `unknown`: no answer, or an answer that does not tell; the caller reads back and sees who won.
   */
  putIfAbsent(key: string, content: ObjectContent): Promise<"created" | "exists" | "unknown">;
  /** Overwrites: only for caches such as version-hint.text. */
  put(key: string, content: ObjectContent): Promise<void>;
  /** Null when it is surely absent. Throws `unavailable` when that cannot be known, `refused` on a denial. */
  get(key: string): Promise<Uint8Array | null>;
  /** Ascending by key. */
  list(prefix: string): AsyncIterable<ObjectInfo>;
  /**
   * What time it is by the clock that dates the objects, perhaps a little earlier, never later. The lake's own time: what
   * the machine's clock says does not matter where the store has another. Fails as {@link get} does.
   */
  now(): Promise<UnixMillis>;
  /** Any number of them; absent keys are no error. */
  delete(keys: readonly string[]): Promise<void>;
  /** The absolute location that table metadata names (`file:///…` path or `s3://…`), and back. */
  location(key: string): string;
  keyOf(location: string): string | null;
  /** A local file with the object's bytes for DuckDB to read: the file itself in a folder, a cached copy from S3. */
  localFile(key: string): Promise<string>;
  /** Lets go of all cached copies but of these: they may hold what was erased, of objects that are long gone. */
  dropCopies(but: Iterable<string>): Promise<void>;
}

/** Bytes in memory, or a local file that the store may move (its own folder) or upload. */
export type ObjectContent = Uint8Array | { readonly file: string; readonly size: number };

export interface ObjectInfo {
  readonly key: string;
  readonly size: number;
  /** By the store's clock, Unix milliseconds. */
  readonly modifiedAt: number;
}

/** A table as the lake keeps it. */
export interface TableDefinition {
  readonly name: TableName;
  readonly doc: string;
  /** In lake order with field ids; only columns with `inLake`. */
  readonly columns: readonly Column[];
  /** The timestamp column whose UTC day partitions the table. */
  readonly dayOf: "event_at" | "received_at";
  /** Sort order inside a file. */
  readonly sortedBy: readonly string[];
}

/** What a table's properties say of one log partition; changes only by the commit that holds its rows. */
export interface PartitionState {
  /** Everything below this offset is in this table, rejected, or a double. */
  readonly next: number;
  /** `vehicle/boot/stream/seq` or dead-letter id of the record at `next - 1`, null at the beginning. */
  readonly last: string | null;
  /** Key of the newest ledger file, null before the first. */
  readonly ledger: string | null;
  /** Key of the tombstones of erased vehicles; absent while none was erased. */
  readonly erased?: string | undefined;
  /** UUID of the commit that wrote this state. */
  readonly commit: string;
}

/** What the table knows of the log that feeds it. */
export interface IngestState {
  readonly logIdentity: string;
  /** Fixed at creation. */
  readonly partitionCount: number;
  readonly partitions: Readonly<Record<number, PartitionState>>;
}

/** A Parquet file that was written and not yet committed. */
export interface NewDataFile {
  readonly key: string;
  readonly sizeBytes: number;
  readonly rows: number;
  /** `YYYY-MM-DD`, the partition value. */
  readonly day: string;
  /** Per field id; bounds as the engine's text, turned into Iceberg's binary form by the commit. */
  readonly columns: readonly ColumnStatistics[];
}

export interface ColumnStatistics {
  readonly fieldId: number;
  readonly sizeBytes: number;
  readonly valueCount: number;
  readonly nullCount: number;
  readonly nanCount: number | null;
  /** In the column's wire form (number, ISO time, string, boolean as text); null when unknown. */
  readonly min: string | null;
  readonly max: string | null;
}

/** What rows of data files hold in one column of texts, in portions; given a range, both ends in it, only that. */
export type TextsOfFiles = (
  files: readonly Pick<LiveFile, "key">[],
  range?: { readonly first: string; readonly last: string },
) => AsyncIterable<readonly string[]>;

export interface LiveFile {
  readonly key: string;
  readonly sizeBytes: number;
  readonly rows: number;
  readonly day: string;
  readonly sequenceNumber: number;
}

/** A table at one version. Immutable; ask the table for a newer one. */
export interface TableHead {
  readonly version: number;
  /** When it was committed, by the store's clock, Unix milliseconds. */
  readonly committedAt: number;
  readonly schemaId: number;
  readonly snapshotId: bigint | null;
  readonly ingest: IngestState | null;
  /** All table properties, ours and others'. */
  readonly properties: Readonly<Record<string, string>>;
  /** The Iceberg metadata behind it all. */
  readonly stored: StoredTable;
}

export interface AppendCommit {
  /** The head that the batch was read from. */
  readonly base: TableHead;
  /** UUID, never used before: how a writer finds out whether an unanswered commit won. */
  readonly commitId: string;
  readonly files: readonly NewDataFile[];
  /** The partitions of this batch with their new state; the others stay as the head has them. */
  readonly partitions: Readonly<Record<number, PartitionState>>;
  /**
   * Another log than the table's is refused, unless this commit has no files and puts every partition at a beginning
   * (`last` null): the explicit acceptance of a replaced log.
   */
  readonly logIdentity: string;
  readonly partitionCount: number;
  /** When the batch began: an old batch is refused (`stale_batch`). */
  readonly begunAt: WorkBegin;
  /**
   * Batches that this worker dropped since its last commit of the table, for the snapshot's summary, which then tells how
   * long the commit took, too. Default: it is no worker's batch.
   */
  readonly droppedBefore?: number;
  /** What else of the table's properties changes with it. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Keys of all that was put for this commit: removed where it surely never lands. */
  readonly puts?: readonly string[];
}

export type CommitOutcome =
  | { readonly kind: "committed"; readonly head: TableHead; readonly attempts: number }
  /** Another worker moved one of my partitions, or the table changed under the batch: drop it and read on from `head`. */
  | { readonly kind: "conflict"; readonly head: TableHead; readonly reason: string }
  /** No further commit by this process can succeed (newer schema, another catalog owns the table, rolled back): stop. */
  | { readonly kind: "refused"; readonly reason: string; readonly hint: string };

/** One Iceberg table and the only ways in which we change it. */
export interface LakeTable {
  readonly definition: TableDefinition;
  /** The current head; creates the table when it is absent. */
  head(): Promise<TableHead>;
  /** Null when the table does not exist: for readers. */
  peek(): Promise<TableHead | null>;
  /** Resolves unknown outcomes by itself (the commit UUID at the head or behind it); see catalog and commit rules. */
  append(commit: AppendCommit): Promise<CommitOutcome>;
  /** Live data files of a head. Refuses a table with delete files that it cannot apply. */
  files(head: TableHead): Promise<readonly LiveFile[]>;
}
