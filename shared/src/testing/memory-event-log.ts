import { RoadstreamError } from "../errors.ts";
import type {
  EventLog,
  EventLogWriter,
  LogConsumer,
  LogFault,
  LogSlice,
  PartitionRange,
  TopicPartition,
} from "../event-log/event-log.ts";
import type { Clock } from "../time/clock.ts";
import { MemoryLogConsumer } from "./memory-log-consumer.ts";
import { MemoryLogStore } from "./memory-log-store.ts";
import { MemoryLogWriter, type AppendFault } from "./memory-log-writer.ts";

/**
 * The event log in memory, with fault knobs. One object is the log; `open()` gives further handles on it, as other
 * processes would have.
 */
export class MemoryEventLog implements EventLog {
  /** What is stored, for tests to look into. */
  readonly store: MemoryLogStore;
  /** Fault knob: decides the fate of each append; null stands for "as it should be". */
  appendFault:
    | ((records: readonly { readonly key: string; readonly value: string }[]) => AppendFault | null)
    | null = null;
  readonly offsets = "dense";
  /** It keeps everything. */
  readonly groups = null;
  readonly #clock: Clock;

  constructor(options: { clock: Clock; store?: MemoryLogStore }) {
    this.#clock = options.clock;
    this.store = options.store ?? new MemoryLogStore(options.clock);
  }

  /** Another handle on the same log, with its own append faults. */
  open(): MemoryEventLog {
    return new MemoryEventLog({ clock: this.#clock, store: this.store });
  }

  identity(topic: string): Promise<string> {
    return this.#asked(() => `memory:${this.store.uuid}/${topic}/${this.store.topic(topic).generation}`);
  }

  partitions(topic: string): Promise<number | null> {
    return this.#asked(() => this.store.find(topic)?.partitions.length ?? null);
  }

  createTopics(topics: readonly string[], partitions: number): Promise<void> {
    return this.#asked(() => {
      for (const topic of topics) this.store.create(topic, partitions);
    });
  }

  range(at: TopicPartition): Promise<PartitionRange> {
    return this.#asked(() => this.store.range(at));
  }

  read(at: TopicPartition, from: number, maxBytes: number): Promise<LogSlice | LogFault> {
    return this.#asked(() => this.store.read(at, from, maxBytes));
  }

  writer(): Promise<EventLogWriter> {
    return Promise.resolve(
      new MemoryLogWriter({
        clock: this.#clock,
        store: this.store,
        fault: (records) => this.appendFault?.(records) ?? null,
      }),
    );
  }

  join(options: { group: string; worker: string; topics: readonly string[] }): Promise<LogConsumer> {
    return Promise.resolve(new MemoryLogConsumer({ ...options, clock: this.#clock, store: this.store }));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  // An answer that is not even a turn of the event loop away would hide races from a simulation.
  async #asked<T>(answer: () => T): Promise<T> {
    await Promise.resolve();
    if (this.store.away) throw new RoadstreamError("unavailable", "the memory log is set to be away");
    return answer();
  }
}
