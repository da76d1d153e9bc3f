import { RoadstreamError } from "../errors.ts";
import type {
  LogAppend,
  LogFault,
  LogPosition,
  LogSlice,
  PartitionRange,
  TopicPartition,
} from "../event-log/event-log.ts";
import { partitionKey } from "../event-log/held-partitions.ts";
import { recordBytes } from "../event-log/log-limits.ts";
import { partitionOf } from "../event-log/partitioner.ts";
import { planShare } from "../event-log/share-partitions.ts";
import { SliceBuilder } from "../event-log/slice-builder.ts";
import type { Clock } from "../time/clock.ts";
import type { UnixMillis } from "../time/time.ts";

interface StoredRecord {
  readonly offset: number;
  readonly appendedAt: UnixMillis;
  readonly key: string;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>> | null;
}

interface StoredPartition {
  start: number;
  end: number;
  records: StoredRecord[];
}

interface StoredTopic {
  readonly generation: string;
  readonly partitions: readonly StoredPartition[];
}

interface GroupMember {
  /** Unique: two that claim one worker's name are still two. */
  readonly id: string;
  readonly worker: string;
  readonly topics: readonly string[];
}

/** The records, groups and marks of a {@link MemoryEventLog}, and the knobs that break them. */
export class MemoryLogStore {
  readonly uuid: string;
  /** Fault knob: the log is away; appends are answered `unavailable`, questions throw, polls wait. */
  away = false;
  /** Fault knob: appends beyond this are answered `full`. */
  capacityBytes = Number.POSITIVE_INFINITY;
  /** The highest mark per `topic/partition`, as given to markDurable. */
  readonly durable = new Map<string, number>();
  readonly #clock: Clock;
  readonly #topics = new Map<string, StoredTopic>();
  readonly #groups = new Map<string, { members: GroupMember[]; holders: Map<string, GroupMember> }>();
  readonly #watchers = new Set<() => void>();
  #usedBytes = 0;
  #generations = 0;
  #members = 0;

  constructor(clock: Clock, uuid = "11111111-1111-7111-8111-111111111111") {
    this.#clock = clock;
    this.uuid = uuid;
  }

  find(topic: string): StoredTopic | null {
    return this.#topics.get(topic) ?? null;
  }

  topic(topic: string): StoredTopic {
    const found = this.find(topic);
    if (found === null) throw new RoadstreamError("unavailable", `no topic ${topic} in this log`);
    return found;
  }

  create(topic: string, partitions: number): void {
    if (this.#topics.has(topic)) return;
    this.#generations += 1;
    this.#topics.set(topic, {
      generation: String(this.#generations),
      partitions: Array.from({ length: partitions }, () => ({ start: 0, end: 0, records: [] })),
    });
    this.#rebalance();
  }

  /** All or nothing, as one transaction would; null when it would not fit. Throws `unavailable` for a missing topic. */
  append(records: readonly LogAppend[]): readonly LogPosition[] | null {
    const bytes = records.reduce((sum, record) => sum + recordBytes(record), 0);
    const targets = records.map((record) => {
      const topic = this.topic(record.topic);
      return { record, partition: partitionOf(record.key, topic.partitions.length) };
    });
    if (this.#usedBytes + bytes > this.capacityBytes) return null;
    this.#usedBytes += bytes;
    const positions = targets.map(({ record, partition }) => {
      const stored = this.#partition({ topic: record.topic, partition });
      const offset = stored.end;
      stored.end += 1;
      const value = Buffer.from(record.value, "utf8").toString("latin1");
      stored.records.push({
        offset,
        appendedAt: this.#clock.now(),
        key: record.key,
        value,
        headers: record.headers ?? null,
      });
      return { partition, offset };
    });
    this.changed();
    return positions;
  }

  range(at: TopicPartition): PartitionRange {
    const { start, end } = this.#partition(at);
    return { start, end };
  }

  read(at: TopicPartition, from: number, maxBytes: number): LogSlice | LogFault {
    const { start, end, records } = this.#partition(at);
    if (from < start || from > end) {
      return { kind: "out_of_range", topic: at.topic, partition: at.partition, wanted: from, start, end };
    }
    const slice = new SliceBuilder(at);
    for (const record of records.slice(from - start)) {
      if (slice.count > 0 && slice.bytes + record.value.length > maxBytes) break;
      slice.add(record.offset, record.appendedAt, record.key, record.value, record.headers);
    }
    return slice.build();
  }

  /** Fault knob: the topic is deleted and made anew, empty. */
  recreate(topic: string, partitions = this.topic(topic).partitions.length): void {
    this.#topics.delete(topic);
    this.create(topic, partitions);
    this.changed();
  }

  /** Fault knob: retention deletes everything below `start`. */
  truncate(at: TopicPartition, start: number): void {
    const stored = this.#partition(at);
    stored.start = Math.max(stored.start, Math.min(start, stored.end));
    stored.records = stored.records.filter((record) => record.offset >= stored.start);
    this.changed();
  }

  /** Fault knob: the newest records are gone, as after a restored backup; the next append takes `end`. */
  rewind(at: TopicPartition, end: number): void {
    const stored = this.#partition(at);
    stored.records = stored.records.filter((record) => record.offset < end);
    stored.end = end;
    stored.start = Math.min(stored.start, end);
    this.changed();
  }

  /** Fault knob: the partition is taken from whoever holds it and given to `worker`, until the group changes. */
  movePartition(group: string, at: TopicPartition, worker: string): void {
    const found = this.#groups.get(group);
    const member = found?.members.findLast((candidate) => candidate.worker === worker);
    if (found === undefined || member === undefined) throw new Error(`no worker ${worker} in group ${group}`);
    found.holders.set(partitionKey(at), member);
    this.changed();
  }

  /** A worker that starts again puts its former self, known by the name, out of the group. */
  join(group: string, member: GroupMember): void {
    this.expel(group, member.worker);
    this.rejoin(group, member);
  }

  /** One that was put out comes back beside whoever has its name now. */
  rejoin(group: string, member: GroupMember): void {
    const found = this.#groups.get(group) ?? { members: [], holders: new Map<string, GroupMember>() };
    found.members.push(member);
    this.#groups.set(group, found);
    this.#rebalance();
  }

  leave(group: string, member: GroupMember): void {
    this.#remove(group, (other) => other === member);
  }

  /** Fault knob: what an expired lease does to a worker that is still alive; it comes back at its next poll. */
  expel(group: string, worker: string): void {
    this.#remove(group, (other) => other.worker === worker);
  }

  nextMemberId(): string {
    this.#members += 1;
    return `member-${this.#members}`;
  }

  isMember(group: string, member: GroupMember): boolean {
    return this.#groups.get(group)?.members.includes(member) ?? false;
  }

  assignment(group: string, member: GroupMember): readonly TopicPartition[] {
    const holders = this.#groups.get(group)?.holders;
    return this.#lanes(member.topics).filter((at) => holders?.get(partitionKey(at)) === member);
  }

  /** Resolves at the next change of anything, or when the signal fires. */
  async nextChange(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#watchers.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      this.#watchers.add(done);
      signal.addEventListener("abort", done, { once: true });
      if (signal.aborted) done();
    });
  }

  changed(): void {
    for (const watcher of this.#watchers) watcher();
  }

  #remove(group: string, goes: (member: GroupMember) => boolean): void {
    const found = this.#groups.get(group);
    if (found === undefined) return;
    found.members = found.members.filter((member) => !goes(member));
    this.#rebalance();
  }

  #partition(at: TopicPartition): StoredPartition {
    const found = this.topic(at.topic).partitions[at.partition];
    if (found === undefined)
      throw new RoadstreamError("unavailable", `no partition ${partitionKey(at)} in this log`);
    return found;
  }

  #lanes(topics: readonly string[]): readonly TopicPartition[] {
    return topics.flatMap((topic) =>
      (this.find(topic)?.partitions ?? []).map((_, partition) => ({ topic, partition })),
    );
  }

  /** The same plan as the SQLite log's workers follow, played to its rest at once. */
  #rebalance(): void {
    for (const group of this.#groups.values()) {
      const lanes = this.#lanes([...new Set(group.members.flatMap((member) => member.topics))]);
      for (const [key, holder] of group.holders)
        if (!group.members.includes(holder)) group.holders.delete(key);
      for (let round = 0; round < 2; round += 1) {
        for (const member of group.members) this.#step(group, lanes, member);
      }
    }
    this.changed();
  }

  #step(
    group: { readonly members: readonly GroupMember[]; readonly holders: Map<string, GroupMember> },
    lanes: readonly TopicPartition[],
    me: GroupMember,
  ): void {
    const topics = [...this.#topics.keys()];
    const shares = lanes.map((at, lane) => ({
      lane,
      topic: topics.indexOf(at.topic),
      partition: at.partition,
      holder: group.holders.get(partitionKey(at))?.id ?? null,
      members: group.members.filter((member) => member.topics.includes(at.topic)).map((member) => member.id),
    }));
    const step = planShare(shares, me.id);
    const keyOf = (lane: number): string =>
      lanes
        .slice(lane, lane + 1)
        .map(partitionKey)
        .join("");
    for (const lane of step.release) group.holders.delete(keyOf(lane));
    for (const lane of step.claim) group.holders.set(keyOf(lane), me);
  }
}
