import { isRoadstreamError, RoadstreamError, type Sha256 } from "@roadstream/shared";
import type { ObjectStore } from "../ports.ts";
import type { FileCatalog } from "./file-catalog.ts";
import { GLUE_PARAMETER, glueContent } from "./glue-content.ts";
import type { GlueEntry, GlueTables } from "./glue-tables.ts";
import type { SwapOutcome, TableCatalog, TablePointer } from "./stored-table.ts";
import { parseTableMetadata, printTableMetadata } from "./table-metadata.ts";
import { isPartitionProperty, PROPERTY } from "./table-properties.ts";

/*
 * `<table>/metadata/<NNNNN>-<sha256 of its bytes>.metadata.json`, NNNNN being the Glue version that it is to become. The
 * commit point is Glue's UpdateTable with the version that was read: so a file of a number that Glue has passed is an
 * old head or nobody's, and may be removed. The name follows from the bytes, so that asking again is the same request.
 *
 * A table is always made in the file catalog first, as a version that says `catalog=glue:DATABASE`: a worker that was
 * started with the wrong catalog finds that word, and never makes a second table of the same name.
 */
const GLUE_VERSION_FILE = /^(\d{5,15})-[0-9a-f]{32}\.metadata\.json$/;
const FILE_VERSION = /^v\d{1,15}\.metadata\.json$/;
/** v1, which is never removed, and one that names the owner. */
const FILE_VERSIONS_AT_REST = 2;
const VERSION_DIGITS = 5;
const NAME_DIGITS = 32;

export interface GlueCatalogOptions {
  readonly store: ObjectStore;
  readonly table: string;
  readonly glue: GlueTables;
  /** The same table's file versions. */
  readonly files: FileCatalog;
  readonly sha256: Sha256;
}

const glueCatalogName = (database: string): string => `glue:${database}`;

export class GlueCatalog implements TableCatalog {
  readonly name: string;
  readonly #options: GlueCatalogOptions;
  readonly #folder: string;

  constructor(options: GlueCatalogOptions) {
    this.#options = options;
    this.name = glueCatalogName(options.glue.database);
    this.#folder = `${options.table}/metadata`;
  }

  async load(): Promise<TablePointer | null> {
    const { glue, store, table } = this.#options;
    let before = "";
    for (;;) {
      const entry = await glue.get(table);
      if (entry === null) return null;
      const location = this.#location(entry);
      const key = store.keyOf(location);
      const bytes = key === null ? null : await store.get(key);
      if (bytes !== null) return { version: versionOf(entry), location, bytes, token: entry.versionId };
      // Between asking and reading, the head can be overtaken and removed only if we were asleep for long.
      if (location !== before) {
        before = location;
        continue;
      }
      throw new RoadstreamError(
        "table_invalid",
        `Glue's table ${glue.database}.${table} points at ${location}, which is not in this lake`,
        { hint: "is --lake the one that this Glue database belongs to?" },
      );
    }
  }

  async swap(base: TablePointer | null, next: Uint8Array): Promise<SwapOutcome> {
    try {
      return base === null ? await this.#create(next) : await this.#replace(base, next);
    } catch (error) {
      if (isRoadstreamError(error, "unavailable") || isRoadstreamError(error, "timeout"))
        return { kind: "unknown" };
      throw error;
    }
  }

  async retract(base: TablePointer, next: Uint8Array): Promise<void> {
    try {
      await this.#options.store.delete([this.#key(base, next)]);
    } catch (error) {
      if (!isRoadstreamError(error)) throw error;
    }
  }

  /** Engines find the head in Glue. */
  publish(): Promise<void> {
    return Promise.resolve();
  }

  async trim(head: TablePointer, keep: number): Promise<void> {
    const old: string[] = [];
    let fileVersions = 0;
    for await (const { key } of this.#options.store.list(`${this.#folder}/`)) {
      const name = key.slice(this.#folder.length + 1);
      const match = GLUE_VERSION_FILE.exec(name);
      if (match !== null && (Number(match[1]) <= head.version - keep || this.#lost(key, match[1], head)))
        old.push(key);
      if (FILE_VERSION.test(name)) fileVersions += 1;
    }
    if (old.length > 0) await this.#options.store.delete(old);
    if (fileVersions > FILE_VERSIONS_AT_REST && head.version > 0) await this.#leaveSignpost(head);
  }

  /** Another one of the head's own number: Glue took the head instead. */
  #lost(key: string, number: string | undefined, head: TablePointer): boolean {
    return Number(number) === head.version && this.#options.store.location(key) !== head.location;
  }

  /**
   * Of a table that files kept before: nobody reads its versions any more, but for the word who owns it now. One version
   * stays that says this and nothing of what had landed by then.
   */
  async #leaveSignpost(head: TablePointer): Promise<void> {
    const { files } = this.#options;
    const last = await files.load();
    if (last === null || last.location === head.location) return;
    const metadata = parseTableMetadata(last.bytes, last.location);
    const properties = Object.entries(metadata.properties).filter(([name]) => !isPartitionProperty(name));
    const signpost = printTableMetadata({ ...metadata, properties: Object.fromEntries(properties) });
    const outcome = await files.swap(last, signpost);
    if (outcome.kind === "swapped") await files.trim(outcome.pointer, 1);
  }

  async #create(next: Uint8Array): Promise<SwapOutcome> {
    const { glue, files, table } = this.#options;
    if ((await files.load()) === null) await files.swap(null, next);
    const made = await files.load();
    if (made === null) return { kind: "unknown" };
    const metadata = parseTableMetadata(made.bytes, made.location);
    const owner = metadata.properties[PROPERTY.catalog] ?? "nobody";
    if (owner !== this.name) {
      throw new RoadstreamError("refused", `${table} belongs to the catalog ${owner}, not to ${this.name}`, {
        hint:
          owner === "file" ? "hand it over once: cloud run --move-catalog" : `start with --catalog ${owner}`,
      });
    }
    await this.#refuseForgottenTable();
    const outcome = await glue.create(table, glueContent(metadata, made.location, null));
    if (outcome === "unknown") return { kind: "unknown" };
    if (outcome === "exists") return { kind: "taken" };
    return { kind: "swapped", pointer: { ...made, version: 0, token: "" } };
  }

  /** Glue has no such table, yet commits were made: to begin anew at the file catalog's version would forget them. */
  async #refuseForgottenTable(): Promise<void> {
    const { store, glue, table } = this.#options;
    let newest: string | null = null;
    for await (const { key } of store.list(`${this.#folder}/`))
      if (GLUE_VERSION_FILE.test(key.slice(this.#folder.length + 1))) newest = key;
    // Who was asleep here finds what others have made and committed meanwhile.
    if (newest === null || (await glue.get(table)) !== null) return;
    throw new RoadstreamError(
      "table_invalid",
      `Glue has no table ${glue.database}.${table}, but ${newest} says that it had`,
      {
        hint: `register it again, with table_type=ICEBERG and metadata_location=${store.location(newest)}`,
      },
    );
  }

  async #replace(base: TablePointer, next: Uint8Array): Promise<SwapOutcome> {
    const { store, glue, table } = this.#options;
    const key = this.#key(base, next);
    if ((await store.putIfAbsent(key, next)) === "unknown") return { kind: "unknown" };
    const location = store.location(key);
    const content = glueContent(parseTableMetadata(next, location), location, base.location);
    const outcome = base.token === "" ? "moved_on" : await glue.replace(table, base.token, content);
    // Whatever the answer was, and whichever of an SDK's own repeats it answers: what Glue points at decides.
    const entry = await glue.get(table);
    if (entry === null)
      throw new RoadstreamError("table_invalid", `Glue's table ${glue.database}.${table} is gone`);
    if (this.#location(entry) === location)
      return {
        kind: "swapped",
        pointer: { version: versionOf(entry), location, bytes: next, token: entry.versionId },
      };
    if (outcome === "replaced")
      return { kind: "swapped", pointer: { version: base.version + 1, location, bytes: next, token: "" } };
    return entry.versionId === base.token ? { kind: "unknown" } : { kind: "taken" };
  }

  #key(base: TablePointer, next: Uint8Array): string {
    const number = String(base.version + 1).padStart(VERSION_DIGITS, "0");
    return `${this.#folder}/${number}-${this.#options.sha256(next).slice(0, NAME_DIGITS)}.metadata.json`;
  }

  #location(entry: GlueEntry): string {
    const location = entry.parameters[GLUE_PARAMETER.metadataLocation];
    if (location !== undefined && entry.parameters[GLUE_PARAMETER.tableType]?.toUpperCase() === "ICEBERG")
      return location;
    throw new RoadstreamError(
      "table_invalid",
      `Glue's table ${this.#options.glue.database}.${this.#options.table} is no Iceberg table`,
      {
        hint: "another system has a table of this name: use a Glue database of its own",
      },
    );
  }
}

const versionOf = (entry: GlueEntry): number => {
  const version = Number(entry.versionId);
  if (Number.isSafeInteger(version) && version >= 0) return version;
  throw new RoadstreamError("table_invalid", `Glue's version ${entry.versionId} is not a whole number`);
};
