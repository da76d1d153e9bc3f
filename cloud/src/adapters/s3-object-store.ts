import { readFile } from "node:fs/promises";
import { RoadstreamError, type Clock, type Logger, type Random } from "@roadstream/shared";
import { Slots } from "../ingest/slots.ts";
import { isObjectKey } from "../object-store/object-key.ts";
import { s3Failure } from "../object-store/s3-failure.ts";
import { S3Line } from "../object-store/s3-line.ts";
import type { S3KeyError, S3Listing, S3Requests } from "../object-store/s3-requests.ts";
import type { S3Settings } from "../object-store/s3-settings.ts";
import { s3Upload } from "../object-store/s3-upload.ts";
import type { ObjectContent, ObjectInfo, ObjectStore } from "../ports.ts";
import { contentParts } from "./content-parts.ts";
import type { LocalCopies } from "./local-copies.ts";
import { storageError } from "./storage-error.ts";

/*
 * A create-only put is a PutObject, or for large content the completion of a multipart upload, with `If-None-Match: *`:
 * S3 answers 412 when the name is in use. What else may be sent twice is; these only after an answer that says that they
 * were not carried out, and even then a later 412 is told as `unknown`, because the name's owner may be we ourselves.
 */
const MAX_KEY = 1024;
const PAGE = 1000;
const DOWNLOADS = 8;
const PROBE = "create-only-probe";

export interface S3SizeLimits {
  /** What is larger goes up in parts. */
  readonly singlePutBytes: number;
  readonly partBytes: number;
}

const MIB = 1024 * 1024;
export const S3_SIZE_LIMITS: S3SizeLimits = { singlePutBytes: 16 * MIB, partBytes: 8 * MIB };
/** S3's own limit. */
const MAX_PARTS = 10_000;

export interface S3ObjectStoreOptions {
  readonly settings: S3Settings;
  /** Loads the client, at the first use. */
  readonly connect: () => Promise<S3Requests>;
  readonly copies: LocalCopies;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly limits?: S3SizeLimits;
}

export class S3ObjectStore implements ObjectStore {
  readonly root: string;
  readonly #options: S3ObjectStoreOptions;
  readonly #limits: S3SizeLimits;
  readonly #line: S3Line;
  readonly #downloads = new Slots(DOWNLOADS);
  #connected: Promise<S3Requests> | null = null;

  constructor(options: S3ObjectStoreOptions) {
    this.#options = options;
    this.#limits = options.limits ?? S3_SIZE_LIMITS;
    this.#line = new S3Line(options);
    this.root = this.#locationOf(options.settings.prefix.slice(0, -1));
  }

  /**
   * For who will write: throws `refused` with a hint when the bucket is not there or may not be used, or when its server
   * lets a name be taken twice. Only the latter is not found out by the first request anyway.
   */
  async checkForWriting(): Promise<void> {
    const probe = new Uint8Array([1]);
    const first = await this.putIfAbsent(PROBE, probe);
    const second = await this.putIfAbsent(PROBE, probe);
    if (first === "unknown" || second !== "created") return;
    throw new RoadstreamError("refused", `${this.root}: the server ignores If-None-Match`, {
      hint: "Two workers could commit the same version of a table: no lake can be kept there.",
    });
  }

  async putIfAbsent(key: string, content: ObjectContent): Promise<"created" | "exists" | "unknown"> {
    const what = `put ${key}`;
    const requests = await this.#requestsFor(key);
    return this.#line.attempts<"created" | "exists" | "unknown">(
      what,
      async (number) => {
        try {
          await this.#send(requests, { key, what, content, ifAbsent: true });
          return "created";
        } catch (error) {
          const { kind } = s3Failure(error);
          if (kind === "unanswered") return "unknown";
          if (kind === "taken") return number === 1 ? "exists" : "unknown";
          throw error;
        }
      },
      ({ kind }) => kind === "later" || kind === "absent",
    );
  }

  async put(key: string, content: ObjectContent): Promise<void> {
    const what = `put ${key}`;
    const requests = await this.#requestsFor(key);
    await this.#line.attempts(
      what,
      () => this.#send(requests, { key, what, content, ifAbsent: false }),
      ({ kind }) => kind !== "refused",
    );
  }

  async get(key: string): Promise<Uint8Array | null> {
    const what = `get ${key}`;
    const requests = await this.#requestsFor(key);
    return this.#line.attempts(
      what,
      async () => {
        const chunks: Uint8Array[] = [];
        const body = await this.#open(requests, what, key);
        if (body === null) return null;
        for await (const chunk of body) chunks.push(chunk);
        return Buffer.concat(chunks);
      },
      ({ kind }) => kind === "later" || kind === "unanswered",
    );
  }

  async *list(prefix: string): AsyncIterable<ObjectInfo> {
    const requests = await this.#requests();
    const { prefix: root } = this.#options.settings;
    let from: string | null = null;
    do {
      const token: string | null = from;
      const page: S3Listing = await this.#line.repeated(`list ${prefix}`, 0, (signal) =>
        requests.list({ prefix: root + prefix, limit: PAGE, from: token }, signal),
      );
      for (const object of page.objects) {
        const key = object.key.slice(root.length);
        // What others put there under names that ours cannot have is not the lake's.
        if (isObjectKey(key)) yield { ...object, key };
      }
      from = page.next;
    } while (from !== null);
  }

  async delete(keys: readonly string[]): Promise<void> {
    const requests = await this.#requests();
    const whole = keys.map((key) => this.#whole(key));
    for (let at = 0; at < whole.length; at += PAGE)
      await this.#deleteBatch(requests, whole.slice(at, at + PAGE));
  }

  location(key: string): string {
    return this.#locationOf(this.#whole(key));
  }

  keyOf(location: string): string | null {
    // Hadoop's engines write s3a.
    const { bucket, prefix } = this.#options.settings;
    const path = location.replace(/^s3[an]?:\/\//, "");
    const start = `${bucket}/${prefix}`;
    if (path === location || !path.startsWith(start)) return null;
    const key = path.slice(start.length);
    return isObjectKey(key) ? key : null;
  }

  /** For objects whose names are never used again: a copy is not compared with the object. */
  async localFile(key: string): Promise<string> {
    const { copies, settings } = this.#options;
    const requests = await this.#requestsFor(key);
    // The same bucket's name on another server is another bucket.
    const location = `${settings.endpoint ?? ""}/${this.location(key)}`;
    const what = `read ${key}`;
    return this.#downloads.run(() =>
      this.#line.attempts(
        what,
        () => copies.path(location, () => this.#existing(requests, what, key)),
        ({ kind }) => kind === "later" || kind === "unanswered",
      ),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#line.close();
    const requests = await this.#connected?.catch(() => null);
    requests?.close();
  }

  async #send(
    requests: S3Requests,
    put: {
      readonly key: string;
      readonly what: string;
      readonly content: ObjectContent;
      readonly ifAbsent: boolean;
    },
  ): Promise<void> {
    const { what, content, ifAbsent } = put;
    const key = this.#whole(put.key);
    const size = content instanceof Uint8Array ? content.length : content.size;
    if (size <= this.#limits.singlePutBytes) {
      const bytes = await bytesOf(content);
      await this.#line.once(what, size, (signal) => requests.put({ key, bytes, ifAbsent }, signal));
      return;
    }
    const partBytes = Math.max(this.#limits.partBytes, Math.ceil(size / MAX_PARTS));
    const parts = contentParts(content, partBytes);
    const context = { requests, line: this.#line, logger: this.#options.logger };
    await s3Upload(context, { what, key, size, parts, ifAbsent });
  }

  async #open(requests: S3Requests, what: string, key: string): Promise<AsyncIterable<Uint8Array> | null> {
    try {
      const body = await this.#line.once(what, 0, (signal) => requests.get(this.#whole(key), signal));
      return this.#line.chunks(what, body);
    } catch (error) {
      if (s3Failure(error).kind === "absent") return null;
      throw error;
    }
  }

  async *#existing(requests: S3Requests, what: string, key: string): AsyncIterable<Uint8Array> {
    const chunks = await this.#open(requests, what, key);
    if (chunks === null) throw new RoadstreamError("storage", `${what}: it is not in ${this.root}`);
    yield* chunks;
  }

  /** A batch has no order; the keys that S3 could not delete just now are asked for again. */
  async #deleteBatch(requests: S3Requests, keys: readonly string[]): Promise<void> {
    let left = keys;
    await this.#line.attempts(
      `delete ${keys.length} objects`,
      async () => {
        const errors = await this.#line.once("delete", 0, (signal) => requests.delete(left, signal));
        const real = errors.filter(({ code }) => code !== "NoSuchKey");
        left = real.map(({ key }) => key);
        const [first] = real;
        if (first !== undefined) throw keyError(first, real.length);
      },
      ({ kind }) => kind === "later" || kind === "unanswered",
    );
  }

  async #requestsFor(key: string): Promise<S3Requests> {
    this.#whole(key);
    return this.#requests();
  }

  #requests(): Promise<S3Requests> {
    return (this.#connected ??= this.#connect().catch((error: unknown) => {
      this.#connected = null;
      throw error;
    }));
  }

  /** Listing is what the lake lives on, and unlike HeadBucket it says in words what is wrong. */
  async #connect(): Promise<S3Requests> {
    const requests = await this.#options.connect();
    const { bucket, prefix } = this.#options.settings;
    try {
      await this.#line.repeated(`open bucket ${bucket}`, 0, (signal) =>
        requests.list({ prefix, limit: 1, from: null }, signal),
      );
      return requests;
    } catch (error) {
      requests.close();
      throw error;
    }
  }

  #whole(key: string): string {
    const whole = this.#options.settings.prefix + key;
    if (!isObjectKey(key) || whole.length > MAX_KEY)
      throw new RoadstreamError("refused", `not an object's name: ${key.slice(0, 200)}`);
    return whole;
  }

  #locationOf(path: string): string {
    const { bucket } = this.#options.settings;
    return path === "" ? `s3://${bucket}` : `s3://${bucket}/${path}`;
  }
}

const bytesOf = async (content: ObjectContent): Promise<Uint8Array> => {
  if (content instanceof Uint8Array) return content;
  try {
    return await readFile(content.file);
  } catch (error) {
    throw storageError(`read ${content.file}`, error);
  }
};

/** As the client would have raised it for a request of its own. */
const keyError = ({ key, code, message }: S3KeyError, count: number): Error =>
  Object.assign(new Error(`${key}: ${message}${count > 1 ? `, and ${count - 1} more` : ""}`), { name: code });
