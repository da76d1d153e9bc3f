import type {
  AppendCommit,
  CommitOutcome,
  IngestState,
  LakeTable,
  LiveFile,
  TableDefinition,
  TableHead,
} from "../ports.ts";

/** A table's committed state in memory, shared by the handles of several workers. */
export class MemoryTableStore {
  head: TableHead = {
    version: 1,
    // No clock either.
    committedAt: 0,
    schemaId: 0,
    snapshotId: null,
    ingest: null,
    properties: {},
    // No Iceberg behind this one.
    stored: null as never,
  };
  readonly files: LiveFile[] = [];
}

/** A LakeTable with the rules of the real one in few lines: compare-and-set on the offsets of the batch's partitions. */
export class MemoryLakeTable implements LakeTable {
  readonly definition: TableDefinition;
  readonly #store: MemoryTableStore;

  constructor(definition: TableDefinition, store = new MemoryTableStore()) {
    this.definition = definition;
    this.#store = store;
  }

  async head(): Promise<TableHead> {
    await Promise.resolve();
    return this.#store.head;
  }

  async peek(): Promise<TableHead | null> {
    return this.head();
  }

  async append(commit: AppendCommit): Promise<CommitOutcome> {
    await Promise.resolve();
    return this.#append(commit);
  }

  /** As they were at that head, whatever was committed since. */
  files(head: TableHead): Promise<readonly LiveFile[]> {
    return Promise.resolve(this.#store.files.filter(({ sequenceNumber }) => sequenceNumber < head.version));
  }

  #append(commit: AppendCommit): CommitOutcome {
    const { head } = this.#store;
    const partitions: Record<number, IngestState["partitions"][number]> = { ...head.ingest?.partitions };
    for (const [key, state] of Object.entries(commit.partitions)) {
      const partition = Number(key);
      const base = commit.base.ingest?.partitions[partition]?.commit ?? null;
      if ((partitions[partition]?.commit ?? null) !== base) {
        return { kind: "conflict", head, reason: `partition ${partition} moved on` };
      }
      partitions[partition] = state;
    }
    const { logIdentity, partitionCount } = commit;
    this.#store.head = {
      version: head.version + 1,
      committedAt: head.committedAt,
      schemaId: head.schemaId,
      snapshotId: BigInt(head.version),
      ingest: { logIdentity, partitionCount, partitions },
      properties: head.properties,
      stored: head.stored,
    };
    for (const { key, sizeBytes, rows, day } of commit.files) {
      this.#store.files.push({ key, sizeBytes, rows, day, sequenceNumber: head.version });
    }
    return { kind: "committed", head: this.#store.head, attempts: 1 };
  }
}
