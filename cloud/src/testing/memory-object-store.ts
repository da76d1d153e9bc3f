import { RoadstreamError, type Clock, type Random, type UnixMillis } from "@roadstream/shared";
import { isObjectKey } from "../object-store/object-key.ts";
import type { ObjectContent, ObjectInfo, ObjectStore } from "../ports.ts";

/** What the network does to one request. */
export type StoreFault =
  /** The request never arrives. */
  | "lost_request"
  /** It is carried out, and its answer is lost. */
  | "lost_answer"
  /** It is answered `unknown`, and is carried out later: see {@link MemoryObjectStore.deliverLate}. */
  | "late"
  /** Nothing can be written: there is no room. */
  | "full"
  /** An SDK that repeats an unanswered request and is told about the second copy. */
  | "repeated";

export type StoreOperation = "putIfAbsent" | "put" | "get" | "list" | "delete" | "now";

interface StoredObject {
  readonly bytes: Uint8Array;
  readonly modifiedAt: number;
}

/**
 * An object store in memory. Each request goes through three moments at which others may act: sent, carried out,
 * answered. `fault` decides what happens to it; `pause` lets a simulation interleave.
 */
export class MemoryObjectStore implements ObjectStore {
  readonly root = "memory:";
  /** Fault knob: null for a healthy request. */
  fault: (operation: StoreOperation, key: string) => StoreFault | null = () => null;
  /** Fault knob: awaited before a request is carried out and again before its answer. */
  pause: (operation: StoreOperation, key: string) => Promise<void> = () => Promise.resolve();
  /** How many requests of each kind were carried out, and the bytes written. */
  readonly counts: Record<StoreOperation, number> = {
    putIfAbsent: 0,
    put: 0,
    get: 0,
    list: 0,
    delete: 0,
    now: 0,
  };
  writtenBytes = 0;
  /** Of which objects copies were left when all others were let go; null: they never were. */
  copiesLeft: readonly string[] | null = null;
  readonly #clock: Clock;
  readonly #objects: Map<string, StoredObject>;
  readonly #late: { readonly key: string; readonly bytes: Uint8Array }[];

  /** `clock`: the store's own, whatever the machines that use it are set to. `sharedWith`: another process's view of the same objects, with knobs of its own. */
  constructor(clock: Clock, sharedWith: MemoryObjectStore | null = null) {
    this.#clock = clock;
    this.#objects = sharedWith === null ? new Map() : sharedWith.#objects;
    this.#late = sharedWith === null ? [] : sharedWith.#late;
  }

  get keys(): readonly string[] {
    return [...this.#objects.keys()].sort();
  }

  get bytes(): number {
    let sum = 0;
    for (const object of this.#objects.values()) sum += object.bytes.length;
    return sum;
  }

  async putIfAbsent(key: string, content: ObjectContent): Promise<"created" | "exists" | "unknown"> {
    checked(key);
    const bytes = contentBytes(content);
    await this.pause("putIfAbsent", key);
    const fault = this.fault("putIfAbsent", key);
    if (fault === "lost_request") return "unknown";
    if (fault === "full") throw noRoom(key);
    if (fault === "late") {
      this.#late.push({ key, bytes });
      return "unknown";
    }
    const first = this.#create(key, bytes);
    await this.pause("putIfAbsent", key);
    if (fault === "lost_answer") return "unknown";
    return fault === "repeated" ? this.#create(key, bytes) : first;
  }

  /** Carries out one request that was delayed, chosen at random; false when there is none. */
  deliverLate(random: Random): boolean {
    const index = Math.floor(random.next() * this.#late.length);
    const [request] = this.#late.splice(index, 1);
    if (request === undefined) return false;
    this.#create(request.key, request.bytes);
    return true;
  }

  async put(key: string, content: ObjectContent): Promise<void> {
    checked(key);
    const bytes = contentBytes(content);
    await this.pause("put", key);
    const fault = this.fault("put", key);
    if (fault === "full") throw noRoom(key);
    if (fault !== "lost_request" && fault !== "late") {
      this.counts.put += 1;
      this.writtenBytes += bytes.length;
      this.#objects.set(key, { bytes, modifiedAt: this.#clock.now() });
    }
    if (fault !== null) throw new RoadstreamError("unavailable", `put ${key}: no answer`);
  }

  async get(key: string): Promise<Uint8Array | null> {
    checked(key);
    await this.pause("get", key);
    if (this.fault("get", key) !== null) throw new RoadstreamError("unavailable", `get ${key}: no answer`);
    this.counts.get += 1;
    return this.#objects.get(key)?.bytes ?? null;
  }

  async *list(prefix: string): AsyncIterable<ObjectInfo> {
    await this.pause("list", prefix);
    if (this.fault("list", prefix) !== null)
      throw new RoadstreamError("unavailable", `list ${prefix}: no answer`);
    this.counts.list += 1;
    for (const key of this.keys) {
      const object = this.#objects.get(key);
      if (object === undefined || !key.startsWith(prefix)) continue;
      yield { key, size: object.bytes.length, modifiedAt: object.modifiedAt };
    }
  }

  /** Without a pause: mostly it is known from an answer before. */
  async now(): Promise<UnixMillis> {
    await Promise.resolve();
    if (this.fault("now", "") !== null) throw new RoadstreamError("unavailable", "ask the time: no answer");
    this.counts.now += 1;
    return this.#clock.now();
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      checked(key);
      await this.pause("delete", key);
      const fault = this.fault("delete", key);
      if (fault !== "lost_request") {
        this.counts.delete += 1;
        this.#objects.delete(key);
      }
      if (fault !== null) throw new RoadstreamError("unavailable", `delete ${key}: no answer`);
    }
  }

  location(key: string): string {
    return `memory:///${checked(key)}`;
  }

  keyOf(location: string): string | null {
    const key = location.startsWith("memory:///") ? location.slice("memory:///".length) : "";
    return isObjectKey(key) ? key : null;
  }

  localFile(key: string): Promise<string> {
    return Promise.reject(new RoadstreamError("refused", `${key} is in memory only: no local file`));
  }

  dropCopies(but: Iterable<string>): Promise<void> {
    this.copiesLeft = [...but];
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #create(key: string, bytes: Uint8Array): "created" | "exists" {
    this.counts.putIfAbsent += 1;
    if (this.#objects.has(key)) return "exists";
    this.writtenBytes += bytes.length;
    this.#objects.set(key, { bytes, modifiedAt: this.#clock.now() });
    return "created";
  }
}

const noRoom = (key: string): RoadstreamError =>
  new RoadstreamError("storage", `put ${key}: ENOSPC`, { retryable: true });

const checked = (key: string): string => {
  if (!isObjectKey(key)) throw new RoadstreamError("refused", `not an object's name: ${key}`);
  return key;
};

const contentBytes = (content: ObjectContent): Uint8Array => {
  if (content instanceof Uint8Array) return content.slice();
  throw new RoadstreamError("refused", "the memory store takes bytes, not files");
};
