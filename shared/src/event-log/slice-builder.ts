import type { UnixMillis } from "../time/time.ts";
import type { LogSlice, TopicPartition } from "./event-log.ts";

type Headers = Readonly<Record<string, string>> | null;

/** Collects consecutive records of one partition into the columns of a {@link LogSlice}. */
export class SliceBuilder {
  readonly #at: TopicPartition;
  readonly #offsets: number[] = [];
  readonly #appendedAt: UnixMillis[] = [];
  readonly #keys: (string | null)[] = [];
  readonly #values: string[] = [];
  #headers: Headers[] | null = null;
  /** Bytes of the values so far. */
  bytes = 0;

  constructor(at: TopicPartition) {
    this.#at = { topic: at.topic, partition: at.partition };
  }

  get count(): number {
    return this.#offsets.length;
  }

  add(offset: number, appendedAt: UnixMillis, key: string | null, value: string, headers: Headers): void {
    if (headers !== null) this.#headers ??= Array.from<Headers>({ length: this.#offsets.length }).fill(null);
    this.#headers?.push(headers);
    this.#offsets.push(offset);
    this.#appendedAt.push(appendedAt);
    this.#keys.push(key);
    this.#values.push(value);
    this.bytes += value.length;
  }

  build(): LogSlice {
    return {
      ...this.#at,
      offsets: this.#offsets,
      appendedAt: this.#appendedAt,
      keys: this.#keys,
      values: this.#values,
      headers: this.#headers,
    };
  }
}
