import { RoadstreamError, type Clock, type Logger, type Random } from "@roadstream/shared";
import type {
  AppendCommit,
  CommitOutcome,
  LakeTable,
  LiveFile,
  ObjectStore,
  TableDefinition,
  TableHead,
} from "../ports.ts";
import { addedEntries, proposeAppend, type AppendContext } from "./append-batch.ts";
import { identityOn } from "./commit-snapshot.ts";
import { commitChange, loadTable, type Change, type LoopOutcome } from "./commit-loop.ts";
import { FileCatalog } from "./file-catalog.ts";
import { judgeHead, judgeOwner, type Judge } from "./judge-head.ts";
import { liveFiles, type LiveEntry } from "./live-files.ts";
import { ManifestStore } from "./manifest-store.ts";
import { newTable } from "./new-table.ts";
import { ObjectNames } from "./object-names.ts";
import { Housekeeping } from "./housekeeping.ts";
import { DEFAULT_RETENTION, type Retention } from "./snapshot-expiry.ts";
import type { StoredTable, TableCatalog } from "./stored-table.ts";
import { discardObjects } from "../object-store/discard-objects.ts";
import { currentSnapshot, printTableMetadata } from "./table-metadata.ts";
import { ingestState } from "./table-properties.ts";

/** Racing makers of one table are told apart after a look or two. */
const MAX_CREATIONS = 10;

export interface LakeTableOptions {
  readonly definition: TableDefinition;
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Default: the file catalog, in the store itself. */
  readonly catalog?: TableCatalog;
  readonly retention?: Retention;
}

export const tableHead = (stored: StoredTable): TableHead => ({
  version: stored.pointer.version,
  committedAt: stored.metadata["last-updated-ms"],
  schemaId: stored.metadata["current-schema-id"],
  snapshotId: currentSnapshot(stored.metadata)?.["snapshot-id"] ?? null,
  ingest: ingestState(stored.metadata.properties),
  properties: stored.metadata.properties,
  stored,
});

/** One Iceberg table through its catalog. Keeps no state that the table does not have, but caches of what never changes. */
export class IcebergTable implements LakeTable {
  readonly definition: TableDefinition;
  readonly names: ObjectNames;
  readonly manifests: ManifestStore;
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly #random: Random;
  readonly #catalog: TableCatalog;
  readonly #retention: Retention;
  readonly #housekeeping: Housekeeping;
  readonly #logger: Logger;

  constructor(options: LakeTableOptions) {
    const { definition, store, clock, random } = options;
    this.definition = definition;
    this.names = new ObjectNames(clock, random);
    this.manifests = new ManifestStore({ store, table: definition.name, names: this.names });
    this.store = store;
    this.clock = clock;
    this.#random = random;
    this.#catalog = options.catalog ?? new FileCatalog({ store, table: definition.name });
    this.#retention = options.retention ?? DEFAULT_RETENTION;
    this.#logger = options.logger.child({ table: definition.name });
    this.#housekeeping = new Housekeeping({
      catalog: this.#catalog,
      manifests: this.manifests,
      store,
      logger: this.#logger,
      retention: this.#retention,
    });
  }

  async peek(): Promise<TableHead | null> {
    const stored = await loadTable(this.#catalog);
    return stored === null ? null : tableHead(stored);
  }

  async head(): Promise<TableHead> {
    for (let i = 0; i < MAX_CREATIONS; i += 1) {
      const head = await this.peek();
      if (head !== null) return head;
      const metadata = newTable({
        definition: this.definition,
        location: this.store.location(this.definition.name),
        uuid: this.names.uuid(),
        catalog: this.#catalog.name,
        now: await this.store.now(),
      });
      await this.#catalog.swap(null, printTableMetadata(metadata));
    }
    throw new RoadstreamError(
      "unavailable",
      `${this.definition.name}: the store does not answer whether the table was created`,
    );
  }

  async append(commit: AppendCommit): Promise<CommitOutcome> {
    const snapshotId = this.names.snapshotId();
    const base = commit.base.stored;
    const refused = judgeHead(base, this.definition, this.#catalog);
    if (refused !== null) return refused;
    const puts = [...(commit.puts ?? [])];
    const entries = addedEntries(commit.files, this, snapshotId);
    const manifest =
      entries.length === 0
        ? null
        : await this.manifests.noting(puts).write(entries, base.metadata, identityOn(base, snapshotId));
    let attempt = 0;
    const outcome = await this.commit({
      base,
      commitId: commit.commitId,
      puts,
      propose: async (on) =>
        proposeAppend(await this.context(puts), {
          commit,
          on,
          snapshotId,
          manifest,
          attempt: (attempt += 1),
        }),
    });
    switch (outcome.kind) {
      case "committed":
        return { kind: "committed", head: tableHead(outcome.stored), attempts: outcome.attempts };
      case "conflict":
        return { kind: "conflict", head: tableHead(outcome.stored), reason: outcome.reason };
      case "refused":
        return outcome;
    }
  }

  /** Any change to the table, by the same rules as an append: judged on each head, then swapped in. */
  async commit(change: Change, judge: Judge = judgeHead): Promise<LoopOutcome> {
    const options = { catalog: this.#catalog, clock: this.clock, random: this.#random };
    const outcome = await commitChange(options, {
      ...change,
      propose: async (on) => judge(on, this.definition, this.#catalog) ?? (await change.propose(on)),
    });
    if (outcome.kind === "committed") await this.#housekeeping.afterCommit(change.base, outcome.stored);
    if (outcome.kind === "conflict" && outcome.isVoid) await this.discard(change.puts ?? []);
    return outcome;
  }

  /** Removes objects that were put for a commit which surely never comes. */
  discard(keys: readonly string[]): Promise<void> {
    return discardObjects({ store: this.store, logger: this.#logger }, keys);
  }

  /** Throws `refused` where another catalog has newer ones. */
  async files(head: TableHead): Promise<readonly LiveFile[]> {
    return (await this.entries(head)).map(({ file }) => file);
  }

  /** The same files with all that their manifests say of them. */
  entries(head: TableHead): Promise<readonly LiveEntry[]> {
    const owned = judgeOwner(head.stored.metadata, this.definition, this.#catalog);
    if (owned !== null) throw new RoadstreamError("refused", owned.reason, { hint: owned.hint });
    return liveFiles(this.manifests, this.store, head.stored.metadata);
  }

  /** What proposals of this moment are made with; `puts` takes the keys of the manifests that they put. */
  async context(puts: string[]): Promise<AppendContext> {
    return {
      manifests: this.manifests.noting(puts),
      retention: this.#retention,
      now: await this.store.now(),
      clock: this.clock,
      keyOf: (location) => this.store.keyOf(location),
    };
  }

  /** Removes at once what snapshots that expired in this process's commits left behind, and old metadata versions. */
  sweep(head: TableHead, keepVersions?: number): Promise<number> {
    return this.#housekeeping.sweep(head.stored, keepVersions);
  }
}

export const openLakeTable = (options: LakeTableOptions): IcebergTable => new IcebergTable(options);
