import { RoadstreamError } from "@roadstream/shared";
import { putNewObject } from "../object-store/put-new-object.ts";
import type { ObjectStore } from "../ports.ts";
import { readManifest, writeManifest, type ManifestEntry } from "./manifest.ts";
import { manifestFile, readManifestList, writeManifestList, type ManifestFile } from "./manifest-list.ts";
import type { ObjectNames } from "./object-names.ts";
import { currentSchema, type Snapshot, type TableMetadata } from "./table-metadata.ts";

/** Manifest lists kept in memory, by location: they never change. */
const MAX_CACHED_LISTS = 256;

/** Which snapshot a manifest or list is written for. */
export interface SnapshotIdentity {
  readonly snapshotId: bigint;
  readonly parentId: bigint | null;
  readonly sequenceNumber: number;
}

export interface ManifestStoreOptions {
  readonly store: ObjectStore;
  readonly table: string;
  readonly names: ObjectNames;
}

/** Reads and writes one table's manifests and manifest lists. */
export class ManifestStore {
  readonly #options: ManifestStoreOptions;
  readonly #store: ObjectStore;
  readonly #table: string;
  readonly #names: ObjectNames;
  readonly #lists: Map<string, readonly ManifestFile[]>;
  readonly #puts: string[] | null;

  constructor(
    options: ManifestStoreOptions,
    shared: { readonly lists: Map<string, readonly ManifestFile[]>; readonly puts: string[] } | null = null,
  ) {
    this.#options = options;
    this.#store = options.store;
    this.#table = options.table;
    this.#names = options.names;
    this.#lists = shared?.lists ?? new Map<string, readonly ManifestFile[]>();
    this.#puts = shared?.puts ?? null;
  }

  /** The same one, which notes the keys of what it puts. */
  noting(puts: string[]): ManifestStore {
    return new ManifestStore(this.#options, { lists: this.#lists, puts });
  }

  /** Everything that a snapshot lists, delete manifests too. */
  async list(snapshot: Snapshot): Promise<readonly ManifestFile[]> {
    const location = snapshot["manifest-list"];
    const known = this.#lists.get(location);
    if (known !== undefined) return known;
    const read = await readManifestList(await this.#get(location), location);
    this.#remember(location, read);
    return read;
  }

  async entries(manifest: ManifestFile): Promise<readonly ManifestEntry[]> {
    return readManifest(await this.#get(manifest.manifest_path), manifest);
  }

  async write(
    entries: readonly ManifestEntry[],
    metadata: TableMetadata,
    identity: SnapshotIdentity,
  ): Promise<ManifestFile> {
    const spec = metadata["partition-specs"].find((one) => one["spec-id"] === metadata["default-spec-id"]);
    if (spec === undefined)
      throw new RoadstreamError("table_invalid", "the default partition spec is missing");
    const bytes = await writeManifest({
      entries,
      schema: currentSchema(metadata),
      spec,
      sync: this.#names.sync(),
    });
    const key = this.#names.manifest(this.#table);
    await this.#put(key, bytes);
    return manifestFile({
      location: this.#store.location(key),
      size: bytes.length,
      entries,
      specId: spec["spec-id"],
      sequenceNumber: identity.sequenceNumber,
      snapshotId: identity.snapshotId,
    });
  }

  /** Returns the list's location. */
  async writeList(manifests: readonly ManifestFile[], identity: SnapshotIdentity): Promise<string> {
    const bytes = await writeManifestList({ manifests, ...identity, sync: this.#names.sync() });
    const key = this.#names.manifestList(this.#table, identity.snapshotId);
    await this.#put(key, bytes);
    const location = this.#store.location(key);
    this.#remember(location, manifests);
    return location;
  }

  /** Noted first: of a put that fails nobody knows whether it was carried out. */
  async #put(key: string, bytes: Uint8Array): Promise<void> {
    this.#puts?.push(key);
    await putNewObject(this.#store, key, bytes);
  }

  #remember(location: string, manifests: readonly ManifestFile[]): void {
    this.#lists.set(location, manifests);
    for (const oldest of this.#lists.keys()) {
      if (this.#lists.size <= MAX_CACHED_LISTS) return;
      this.#lists.delete(oldest);
    }
  }

  async #get(location: string): Promise<Uint8Array> {
    const key = this.#store.keyOf(location);
    if (key === null)
      throw new RoadstreamError("table_invalid", `${location} lies outside the lake ${this.#store.root}`);
    const bytes = await this.#store.get(key);
    if (bytes === null)
      throw new RoadstreamError(
        "table_invalid",
        `${location} is missing: the snapshot that names it was expired or damaged`,
      );
    return bytes;
  }
}
