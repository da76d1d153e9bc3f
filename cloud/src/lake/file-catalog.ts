import { isRoadstreamError, RoadstreamError, uuidV7, type Clock, type Random } from "@roadstream/shared";
import type { ObjectStore } from "../ports.ts";
import type { SwapOutcome, TableCatalog, TablePointer } from "./stored-table.ts";
import { parseTableMetadata, printTableMetadata } from "./table-metadata.ts";
import { PROPERTY } from "./table-properties.ts";

/*
 * `<table>/metadata/v<N>.metadata.json`, each put create-only: that put is the commit point. The head is the highest
 * version listed; `version-hint.text` is a cache for other engines. Versions are removed in ascending order, v1 never,
 * so a sleeper that creates a removed name again finds, after it, that the version before it is gone too: its commit
 * does not count. No commit may stand on v1 for that reason: v2 is made with the table, and says who made it.
 */
const VERSION_FILE = /^v(\d{1,15})\.metadata\.json$/;
/** Between listing and reading, the head can be overtaken and removed only if we were asleep for long. */
const MAX_LOADS = 10;

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

export interface FileCatalogOptions {
  readonly store: ObjectStore;
  readonly table: string;
  readonly clock: Clock;
  readonly random: Random;
}

export class FileCatalog implements TableCatalog {
  readonly name = "file";
  readonly #store: ObjectStore;
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(options: FileCatalogOptions) {
    this.#store = options.store;
    this.#folder = `${options.table}/metadata`;
    this.#clock = options.clock;
    this.#random = options.random;
  }

  async load(): Promise<TablePointer | null> {
    for (let i = 0; i < MAX_LOADS; i += 1) {
      const versions = await this.#versions();
      const newest = versions.at(-1);
      if (newest === undefined) return null;
      const bytes = await this.#store.get(this.#key(newest));
      if (bytes !== null) return this.#pointer(newest, bytes);
    }
    throw new RoadstreamError(
      "unavailable",
      `${this.#folder}: the head moved on at each of ${MAX_LOADS} looks`,
    );
  }

  async swap(base: TablePointer | null, next: Uint8Array): Promise<SwapOutcome> {
    try {
      if (base === null) return await this.#create(next);
      if (base.version > 1) return await this.#take(base, next);
      // Only the table's maker was killed between v1 and v2: finish its work, then the caller stands on v2.
      await this.#store.putIfAbsent(this.#key(2), this.#second(base.bytes));
      return { kind: "taken" };
    } catch (error) {
      if (isRoadstreamError(error, "unavailable") || isRoadstreamError(error, "timeout"))
        return { kind: "unknown" };
      throw error;
    }
  }

  /** A name that was removed since, and that we made again: see above. */
  async retract(base: TablePointer, next: Uint8Array): Promise<void> {
    const key = this.#key(base.version + 1);
    try {
      const there = await this.#store.get(key);
      if (there !== null && sameBytes(there, next)) await this.#store.delete([key]);
    } catch (error) {
      if (!isRoadstreamError(error)) throw error;
    }
  }

  publish(head: TablePointer): Promise<void> {
    return this.#store.put(
      `${this.#folder}/version-hint.text`,
      new TextEncoder().encode(String(head.version)),
    );
  }

  async trim(head: TablePointer, keep: number): Promise<void> {
    for (const version of await this.#versions()) {
      if (version > head.version - keep) return;
      // One at a time: a batch has no order, and an error must stop it before a higher version goes.
      if (version > 1) await this.#store.delete([this.#key(version)]);
    }
  }

  async #create(next: Uint8Array): Promise<SwapOutcome> {
    const first = await this.#put(1, next);
    if (first !== "mine") return { kind: first };
    await this.#store.putIfAbsent(this.#key(2), this.#second(next));
    return { kind: "swapped", pointer: this.#pointer(1, next) };
  }

  async #take(base: TablePointer, next: Uint8Array): Promise<SwapOutcome> {
    const put = await this.#put(base.version + 1, next);
    if (put !== "mine") return { kind: put };
    const before = await this.#store.get(this.#key(base.version));
    if (before === null || !sameBytes(before, base.bytes)) return { kind: "taken" };
    return { kind: "swapped", pointer: this.#pointer(base.version + 1, next) };
  }

  /** Whose the version is after this: read back unless the answer was plain. */
  async #put(version: number, bytes: Uint8Array): Promise<"mine" | "taken" | "unknown"> {
    const answer = await this.#store.putIfAbsent(this.#key(version), bytes);
    if (answer === "created") return "mine";
    const there = await this.#store.get(this.#key(version));
    if (there === null) return answer === "exists" ? "taken" : "unknown";
    return sameBytes(there, bytes) ? "mine" : "taken";
  }

  /** Unlike any other v2 that was ever written, so that a removed one is told from one that came back. */
  #second(first: Uint8Array): Uint8Array {
    const metadata = parseTableMetadata(first, this.#key(1));
    const maker = uuidV7(this.#clock.now(), this.#random);
    return printTableMetadata({
      ...metadata,
      properties: { ...metadata.properties, [PROPERTY.madeBy]: maker },
    });
  }

  async #versions(): Promise<readonly number[]> {
    const found: number[] = [];
    for await (const { key } of this.#store.list(`${this.#folder}/v`)) {
      const match = VERSION_FILE.exec(key.slice(this.#folder.length + 1));
      if (match !== null) found.push(Number(match[1]));
    }
    return found.sort((a, b) => a - b);
  }

  #key(version: number): string {
    return `${this.#folder}/v${version}.metadata.json`;
  }

  #pointer(version: number, bytes: Uint8Array): TablePointer {
    return { version, location: this.#store.location(this.#key(version)), bytes, token: "" };
  }
}
