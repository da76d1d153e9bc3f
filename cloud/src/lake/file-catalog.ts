import { isRoadstreamError, RoadstreamError } from "@roadstream/shared";
import type { ObjectStore } from "../ports.ts";
import type { SwapOutcome, TableCatalog, TablePointer } from "./stored-table.ts";

/*
 * `<table>/metadata/v<N>.metadata.json`, each put create-only: that put is the commit point. The head is the highest
 * version listed; `version-hint.text` is a cache for other engines. Old versions are removed in ascending order, the newest never: so a
 * sleeper that takes a removed name finds, after it, a higher one, and its commit does not count. What the version before
 * it holds would not tell, since another sleeper may have made that one again, with the very bytes it had. v1 stays for
 * good: whoever would make the table finds that it is there.
 */
const VERSION_FILE = /^v(\d{1,15})\.metadata\.json$/;
/** Between listing and reading, the head can be overtaken and removed only if we were asleep for long. */
const MAX_LOADS = 10;

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

export interface FileCatalogOptions {
  readonly store: ObjectStore;
  readonly table: string;
}

export class FileCatalog implements TableCatalog {
  readonly name = "file";
  readonly #store: ObjectStore;
  readonly #folder: string;

  constructor(options: FileCatalogOptions) {
    this.#store = options.store;
    this.#folder = `${options.table}/metadata`;
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
      return await this.#take(base === null ? 1 : base.version + 1, next);
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

  async #take(version: number, next: Uint8Array): Promise<SwapOutcome> {
    const put = await this.#put(version, next);
    if (put !== "mine") return { kind: put };
    // Made again behind the head, or ours and passed already: which of them, the head says. A listing takes time, and may
    // miss what is removed meanwhile: but before a higher one goes, ours does.
    const newest = (await this.#versions()).at(-1);
    const there = newest === version ? await this.#store.get(this.#key(version)) : null;
    return there !== null && sameBytes(there, next)
      ? { kind: "swapped", pointer: this.#pointer(version, next) }
      : { kind: "taken" };
  }

  /** Whose the version is after this: read back unless the answer was plain. */
  async #put(version: number, bytes: Uint8Array): Promise<"mine" | "taken" | "unknown"> {
    const answer = await this.#store.putIfAbsent(this.#key(version), bytes);
    if (answer === "created") return "mine";
    const there = await this.#store.get(this.#key(version));
    if (there === null) return answer === "exists" ? "taken" : "unknown";
    return sameBytes(there, bytes) ? "mine" : "taken";
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
