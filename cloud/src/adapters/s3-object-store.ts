import { RoadstreamError, type Clock, type Logger, type Random, type UnixMillis } from "@roadstream/shared";
import { Slots } from "../ingest/slots.ts";
import { isObjectKey } from "../object-store/object-key.ts";
import { S3Connection } from "../object-store/s3-connection.ts";
import { s3Failure } from "../object-store/s3-failure.ts";
import { S3Line } from "../object-store/s3-line.ts";
import type { ServerTime } from "../object-store/server-time.ts";
import type { S3KeyError, S3Listing, S3Requests } from "../object-store/s3-requests.ts";
import type { S3Settings } from "../object-store/s3-settings.ts";
import type { ObjectContent, ObjectInfo, ObjectStore } from "../ports.ts";
import type { LocalCopies } from "./local-copies.ts";
import { sendContent } from "./send-content.ts";

/*
 * A create-only put is a PutObject, or for large content the completion of a multipart upload, with `If-None-Match: *`:
 * S3 answers 412 when the name is in use. What else may be sent twice is; these only after an answer that says that they
 * were not carried out, and even then a later 412 is told as `unknown`, because the name's owner may be we ourselves.
 */
const MAX_KEY = 1024;
const PAGE = 1000;
const DOWNLOADS = 8;
const PROBE = "create-only-probe";

export interface S3ObjectStoreOptions {
  readonly settings: S3Settings;
  /** Loads the client, at the first use. */
  readonly connect: () => Promise<S3Requests>;
  readonly copies: LocalCopies;
  /** Hears of each answer's date. */
  readonly time: ServerTime;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export class S3ObjectStore implements ObjectStore {
  readonly root: string;
  readonly #options: S3ObjectStoreOptions;
  readonly #line: S3Line;
  readonly #downloads = new Slots(DOWNLOADS);
  readonly #connection: S3Connection;

  constructor(options: S3ObjectStoreOptions) {
    this.#options = options;
    this.#line = new S3Line(options);
    this.#connection = new S3Connection({ ...options, line: this.#line });
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
    const whole = this.#whole(key);
    const requests = await this.#connection.requests();
    return this.#line.attempts<"created" | "exists" | "unknown">(
      what,
      async (number) => {
        try {
          await this.#send(requests, what, { key: whole, content, ifAbsent: true });
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
    const whole = this.#whole(key);
    const requests = await this.#connection.requests();
    await this.#line.attempts(
      what,
      () => this.#send(requests, what, { key: whole, content, ifAbsent: false }),
      ({ kind }) => kind !== "refused",
    );
  }

  async get(key: string): Promise<Uint8Array | null> {
    const what = `get ${key}`;
    const whole = this.#whole(key);
    const requests = await this.#connection.requests();
    return this.#line.attempts(
      what,
      async () => {
        const chunks: Uint8Array[] = [];
        const body = await this.#open(requests, what, whole);
        if (body === null) return null;
        for await (const chunk of body) chunks.push(chunk);
        return Buffer.concat(chunks);
      },
      ({ kind }) => kind === "later" || kind === "unanswered",
    );
  }

  async *list(prefix: string): AsyncIterable<ObjectInfo> {
    const requests = await this.#connection.requests();
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

  /** Asked for only where no other request was answered for minutes. */
  async now(): Promise<UnixMillis> {
    const requests = await this.#connection.requests();
    const { time, settings } = this.#options;
    const known = time.now();
    if (known !== null) return known;
    await this.#line.repeated("ask the time", 0, (signal) =>
      requests.list({ prefix: settings.prefix, limit: 1, from: null }, signal),
    );
    const now = time.now();
    if (now !== null) return now;
    throw new RoadstreamError("refused", `${this.root}: the server does not say what time it is`, {
      hint: "Its answers, or those of a proxy before it, lack the header Date.",
    });
  }

  async delete(keys: readonly string[]): Promise<void> {
    const requests = await this.#connection.requests();
    const whole = keys.map((key) => this.#whole(key));
    for (let at = 0; at < whole.length; at += PAGE)
      await this.#deleteBatch(requests, whole.slice(at, at + PAGE));
    for (const key of keys) await this.#options.copies.remove(this.#copyName(key));
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
    const { copies } = this.#options;
    const whole = this.#whole(key);
    const requests = await this.#connection.requests();
    const location = this.#copyName(key);
    const what = `read ${key}`;
    return this.#downloads.run(() =>
      this.#line.attempts(
        what,
        () => copies.path(location, () => this.#existing(requests, what, whole)),
        ({ kind }) => kind === "later" || kind === "unanswered",
      ),
    );
  }

  async dropCopies(but: Iterable<string>): Promise<void> {
    const kept: string[] = [];
    for (const key of but) kept.push(this.#copyName(key));
    await this.#options.copies.removeAllBut(kept);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#line.close();
    await this.#connection.close();
  }

  #send(
    requests: S3Requests,
    what: string,
    put: { readonly key: string; readonly content: ObjectContent; readonly ifAbsent: boolean },
  ): Promise<void> {
    return sendContent({ ...put, requests, what, line: this.#line, logger: this.#options.logger });
  }

  async #open(requests: S3Requests, what: string, key: string): Promise<AsyncIterable<Uint8Array> | null> {
    try {
      const body = await this.#line.once(what, 0, (signal) => requests.get(key, signal));
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

  /** The same bucket's name on another server is another bucket. */
  #copyName(key: string): string {
    return `${this.#options.settings.endpoint ?? ""}/${this.location(key)}`;
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

/** As the client would have raised it for a request of its own. */
const keyError = ({ key, code, message }: S3KeyError, count: number): Error =>
  Object.assign(new Error(`${key}: ${message}${count > 1 ? `, and ${count - 1} more` : ""}`), { name: code });
