import { errorText, type Logger } from "@roadstream/shared";
import type { ObjectStore } from "../ports.ts";
import type { ManifestStore } from "./manifest-store.ts";
import { unreachableManifests, type Retention } from "./snapshot-expiry.ts";
import type { StoredTable, TableCatalog } from "./stored-table.ts";
import type { Snapshot } from "./table-metadata.ts";

/** Expired snapshots remembered for the next sweep; what is forgotten is left to orphan removal. */
const MAX_REMEMBERED = 1000;

export interface HousekeepingOptions {
  readonly catalog: TableCatalog;
  readonly manifests: ManifestStore;
  readonly store: ObjectStore;
  readonly logger: Logger;
  readonly retention: Retention;
}

/**
 * What follows a commit. Nothing here can fail the commit, and what is left undone is done by a later one or by orphan
 * removal. A manifest that no snapshot of a head reaches never comes back: later heads build on that one.
 */
export class Housekeeping {
  readonly #options: HousekeepingOptions;
  #commits = 0;
  #expired: readonly Snapshot[] = [];

  constructor(options: HousekeepingOptions) {
    this.#options = options;
  }

  async afterCommit(base: StoredTable, head: StoredTable): Promise<void> {
    const kept = new Set(head.metadata.snapshots.map((snapshot) => snapshot["snapshot-id"]));
    const expired = base.metadata.snapshots.filter((snapshot) => !kept.has(snapshot["snapshot-id"]));
    this.#expired = [...this.#expired, ...expired].slice(-MAX_REMEMBERED);
    this.#commits += 1;
    try {
      await this.#options.catalog.publish(head.pointer);
      if (this.#commits % this.#options.retention.sweepEveryCommits === 0) await this.sweep(head);
    } catch (error) {
      this.#options.logger.warn("lake_housekeeping_failed", { error: errorText(error) });
    }
  }

  /** Returns how many manifests and manifest lists were removed. */
  async sweep(head: StoredTable, keepVersions = this.#options.retention.metadataVersions): Promise<number> {
    const { catalog, manifests, store } = this.#options;
    await catalog.trim(head.pointer, keepVersions);
    const expired = this.#expired;
    this.#expired = [];
    if (expired.length === 0) return 0;
    const locations = await unreachableManifests(manifests, { metadata: head.metadata, expired });
    const keys = locations.map((location) => store.keyOf(location)).filter((key) => key !== null);
    await store.delete(keys);
    return keys.length;
  }
}
