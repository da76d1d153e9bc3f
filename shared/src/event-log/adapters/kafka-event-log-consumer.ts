import { errorText, RoadstreamError } from "../../errors.ts";
import type { Logger } from "../../ports/logger.ts";
import type { Clock } from "../../time/clock.ts";
import { withDeadline } from "../../time/deadline.ts";
import { millis, minutes, seconds, type DurationMs } from "../../time/time.ts";
import type {
  LogConsumer,
  LogFault,
  LogSlice,
  PartitionRange,
  PollResult,
  TopicPartition,
} from "../event-log.ts";
import { HeldPartitions, partitionKey, type HeldPartition } from "../held-partitions.ts";
import type { Fetched, FetchPosition, KafkaCluster } from "./kafka-event-log-cluster.ts";
import { kafkaPortError } from "./kafka-event-log-client.ts";
import { KafkaMarks } from "./kafka-event-log-marks.ts";
import type { Joined, KafkaMember } from "./kafka-event-log-member.ts";

/** What one broker may hand out at once, and of it one partition: bounds what lies here ready for the next poll. */
const FETCH_MAX_BYTES = 16 * 1024 * 1024;
const FETCH_PARTITION_MAX_BYTES = 4 * 1024 * 1024;
/** How long a broker waits for a first byte; a new position or partition waits for its turn as long. */
const FETCH_WAIT_MS = 250;
const PAUSE_AFTER_ERROR = millis(250);
/** A worker that does not poll for this long is taken for stuck and leaves the group. */
const LONGEST_SILENCE = minutes(5);
const WATCH_INTERVAL = seconds(10);
const CLOSE_DEADLINE = seconds(1);
/** Names of requests, among those named by broker ids. */
const LEADERS = "leaders";
const TOPIC_IDS = "topic ids";
const NOTHING: PollResult = { revoked: [], assigned: [], slices: [], faults: [] };

interface Ready {
  readonly held: HeldPartition;
  readonly fetched: Fetched;
}

/**
 * A cloud worker on Kafka. Each poll hands out what the last requests brought and sends the next ones, one per leading
 * broker: a request is for an exact position, so nothing is ever delivered that was not asked for.
 */
export class KafkaLogConsumer implements LogConsumer {
  readonly #cluster: KafkaCluster;
  readonly #member: KafkaMember;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #range: (at: TopicPartition) => Promise<PartitionRange>;
  readonly #held = new HeldPartitions();
  /** Topic ids as they were when this worker was given the topic's partitions; null where brokers have none. */
  readonly #topicIds = new Map<string, string | null>();
  readonly #requests = new Map<string, Promise<void>>();
  readonly #closing = new AbortController();
  readonly #marks: KafkaMarks;
  #ready: Ready[] = [];
  #faults: LogFault[] = [];
  #memberId = "";
  /** Out of the group for its silence; the next poll joins again. */
  #left = false;
  #refusal: RoadstreamError | null = null;
  #wake: (() => void) | null = null;
  #lastPoll: number;
  #watching: Promise<void>;

  constructor(options: {
    cluster: KafkaCluster;
    clock: Clock;
    logger: Logger;
    range: (at: TopicPartition) => Promise<PartitionRange>;
    member: (events: {
      onJoin: (joined: Joined) => void;
      onRefused: (error: unknown) => void;
    }) => KafkaMember;
  }) {
    this.#cluster = options.cluster;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#range = options.range;
    this.#member = options.member({
      onJoin: (joined) => this.#joined(joined),
      onRefused: (error) => {
        this.#refusal = kafkaPortError(error, "joining the group");
        this.#wake?.();
      },
    });
    this.#marks = new KafkaMarks({
      commit: (at, next) => this.#member.commit(at, next),
      isHeld: (at) => this.#held.get(at) !== null,
      logger: options.logger,
    });
    this.#lastPoll = this.#clock.uptime();
    this.#member.start();
    this.#watching = this.#watch();
  }

  async poll(options: { maxBytes: number; wait: DurationMs; signal: AbortSignal }): Promise<PollResult> {
    const deadline = this.#clock.uptime() + options.wait;
    for (;;) {
      if (this.#closing.signal.aborted)
        throw new RoadstreamError("aborted", "the consumer was closed during a poll");
      if (this.#refusal !== null) throw this.#refusal;
      this.#lastPoll = this.#clock.uptime();
      if (this.#left) this.#member.start();
      this.#left = false;
      const result = this.#knowsTopics() ? this.#collect(options.maxBytes) : NOTHING;
      this.#request();
      const told =
        result.assigned.length + result.revoked.length + result.slices.length + result.faults.length;
      const left = deadline - this.#clock.uptime();
      if (told > 0 || left <= 0 || options.signal.aborted) return result;
      await this.#change(millis(left), options.signal);
    }
  }

  seek(at: TopicPartition, offset: number): void {
    this.#held.seek(at, offset);
  }

  pause(at: TopicPartition): void {
    this.#held.setPaused(at, true);
  }

  resume(at: TopicPartition): void {
    this.#held.setPaused(at, false);
  }

  /** Recorded here and committed in the background, the newest only: nothing depends on it. */
  markDurable(at: TopicPartition, next: number): Promise<void> {
    this.#marks.add(at, next);
    return Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#wake?.();
    await this.#marks.settled();
    await this.#watching;
    await this.#member[Symbol.asyncDispose]();
    // kafkajs first waits for answers, which a frozen broker does not give, and nobody here waits for any more.
    await withDeadline(this.#clock, CLOSE_DEADLINE, "closing the connections to Kafka", async () => {
      await this.#cluster[Symbol.asyncDispose]();
      await Promise.allSettled(this.#requests.values());
    }).catch((error: unknown) => this.#logger.debug("event_log_close_failed", { error: errorText(error) }));
  }

  #joined({ assignment, memberId }: Joined): void {
    if (memberId !== this.#memberId) this.#held.replace([]);
    this.#memberId = memberId;
    this.#held.replace(assignment);
    this.#wake?.();
  }

  /** A partition is given only when its topic's id is known: what is read later is compared with it. */
  #knowsTopics(): boolean {
    const unknown = [...new Set(this.#held.all().map((held) => held.topic))].filter(
      (topic) => !this.#topicIds.has(topic),
    );
    if (unknown.length === 0) return true;
    if (!this.#requests.has(TOPIC_IDS)) {
      this.#track(TOPIC_IDS, async () => {
        for (const topic of unknown) this.#topicIds.set(topic, await this.#cluster.topicId(topic));
      });
    }
    return false;
  }

  #collect(maxBytes: number): PollResult {
    const slices: LogSlice[] = [];
    const later: Ready[] = [];
    let left = maxBytes;
    for (const ready of this.#ready) {
      const { held, fetched } = ready;
      // Sought elsewhere or taken away since it was asked for: it was never delivered, so nothing is skipped.
      if (this.#held.get(held) !== held || held.next !== fetched.offset) continue;
      if (left <= 0 || held.paused) {
        later.push(ready);
        continue;
      }
      held.next = fetched.next;
      const { slice } = fetched;
      if (slice.offsets.length === 0) continue;
      slices.push(slice);
      left -= slice.values.reduce((sum, value) => sum + value.length, 0);
    }
    this.#ready = later;
    const faults = this.#faults.splice(0);
    return { ...this.#held.takeChanges(), slices, faults };
  }

  /** Asks each leading broker that is not asked yet for what it leads and is not here yet. */
  #request(): void {
    const here = new Set(this.#ready.map(({ held }) => held));
    const positions = this.#held
      .readable()
      .filter((held) => !here.has(held))
      .map((held) => ({ topic: held.topic, partition: held.partition, offset: held.next, held }));
    if (positions.length === 0 || this.#requests.has(LEADERS)) return;
    this.#track(LEADERS, async () => {
      const byLeader = await this.#cluster.leaders(positions);
      for (const [node, of] of byLeader) {
        if (!this.#requests.has(node)) this.#track(node, () => this.#fetch(node, of));
      }
      if (byLeader.size === 0) await this.#recover(new Error("no partition has a leader"));
    });
  }

  /**
   * At most one request per name; an error is followed by a pause, and never reaches the worker. Only a broker's
   * answer wakes the poll: finding leaders mostly takes no turn of the event loop, and would make it spin.
   */
  #track(name: string, work: () => Promise<void>): void {
    const request = work()
      .catch((error: unknown) => this.#recover(error))
      .finally(() => {
        this.#requests.delete(name);
        if (name !== LEADERS) this.#wake?.();
      });
    this.#requests.set(name, request);
  }

  async #fetch(node: string, positions: readonly FetchPosition[]): Promise<void> {
    const asked = positions.map((at) => ({ at, held: this.#held.get(at) }));
    const answer = await this.#cluster.fetch(node, positions, {
      waitMs: FETCH_WAIT_MS,
      maxBytes: FETCH_MAX_BYTES,
      maxBytesPerPartition: FETCH_PARTITION_MAX_BYTES,
    });
    if (answer.kind === "out_of_range") {
      const found = asked.find(({ at }) => partitionKey(at) === partitionKey(answer.at));
      if (found !== undefined && found.held !== null) await this.#explain(found.held, found.at.offset);
      return;
    }
    // Asked of the same broker after the records: the same id now means that they are of this topic.
    if (await this.#isRecreated(new Set(answer.partitions.map(({ topic }) => topic)), node)) return;
    for (const fetched of answer.partitions) {
      const held = asked.find(({ at }) => partitionKey(at) === partitionKey(fetched))?.held ?? null;
      if (held !== null) this.#ready.push({ held, fetched });
    }
  }

  /** The broker says that the position is not there: recreated, rewound, truncated, or only a moved leader. */
  async #explain(held: HeldPartition, wanted: number): Promise<void> {
    if (await this.#isRecreated([held.topic])) return;
    const { start, end } = await this.#range(held);
    if (wanted >= start && wanted <= end) {
      await this.#recover(new Error(`offset ${wanted} is out of range for a moment`));
      return;
    }
    if (this.#held.get(held) !== held || held.next !== wanted) return;
    this.#held.stop(held);
    this.#faults.push({
      kind: "out_of_range",
      topic: held.topic,
      partition: held.partition,
      wanted,
      start,
      end,
    });
  }

  async #recover(cause: unknown): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#logger.warn("event_log_fetch_failed", { error: errorText(cause) });
    await this.#clock.sleep(PAUSE_AFTER_ERROR, this.#closing.signal).catch(() => undefined);
    try {
      await this.#cluster.refresh();
    } catch (failure) {
      this.#logger.debug("event_log_refresh_failed", { error: errorText(failure) });
    }
  }

  /**
   * A topic made anew is another one: its partitions are taken away and given again, so that the worker looks at them
   * anew. True when one of these was.
   */
  async #isRecreated(topics: Iterable<string>, node?: string): Promise<boolean> {
    let recreated = false;
    for (const topic of topics) {
      const before = this.#topicIds.get(topic);
      const topicId = await this.#cluster.topicId(topic, node);
      this.#topicIds.set(topic, topicId);
      if (before === undefined || before === topicId) continue;
      recreated = true;
      this.#logger.error("event_log_topic_recreated", { topic, before, topicId });
      for (const held of this.#held.all()) {
        if (held.topic !== topic) continue;
        this.#held.revoke(held);
        this.#held.assign(held);
      }
    }
    return recreated;
  }

  /** Leaves the group for a worker that hangs. */
  async #watch(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      if (!this.#left && this.#clock.uptime() - this.#lastPoll > LONGEST_SILENCE) {
        this.#logger.warn("event_log_worker_silent", { silentMs: this.#clock.uptime() - this.#lastPoll });
        this.#left = true;
        await this.#member.stop();
        this.#joined({ assignment: [], memberId: "" });
      }
      await this.#clock.sleep(WATCH_INTERVAL, this.#closing.signal).catch(() => undefined);
    }
  }

  async #change(limit: DurationMs, signal: AbortSignal): Promise<void> {
    const done = new AbortController();
    const either = AbortSignal.any([done.signal, signal]);
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    try {
      await Promise.race([woken, this.#clock.sleep(limit, either).catch(() => undefined)]);
    } finally {
      this.#wake = null;
      done.abort();
    }
  }
}
