import type { LogEntry, LogPosition } from "./event-log.ts";
import { recordsIn } from "./log-block.ts";
import { partitionOf } from "./partitioner.ts";

/** Neighbours in a call that are neighbours in a lane: `count` records from `first` of the call, from `at` of the group. */
interface Run {
  readonly call: number;
  readonly first: number;
  readonly at: number;
  count: number;
}

/** What some calls append to one lane, in their order. */
interface LaneGroup<Lane> {
  readonly lane: Lane;
  readonly entries: LogEntry[];
  readonly runs: Run[];
  /** Records in the entries. */
  count: number;
}

interface LaneOf {
  readonly laneId: number;
  readonly partition: number;
}

export interface GroupedCalls<Lane> {
  readonly groups: readonly LaneGroup<Lane>[];
  /** The calls that name a topic which is not there, and that topic. They are left out whole, and stop no other. */
  readonly missing: ReadonlyMap<number, string>;
}

/** Sorts what calls append by lane. `lanesOf` gives a topic's lanes in the order of their partitions, or none. */
export const groupByLane = <Lane extends LaneOf>(
  calls: readonly (readonly LogEntry[])[],
  lanesOf: (topic: string) => readonly Lane[],
): GroupedCalls<Lane> => {
  const groups = new Map<number, LaneGroup<Lane>>();
  const groupOf = ({ topic, key }: LogEntry): LaneGroup<Lane> => {
    const lanes = lanesOf(topic);
    const lane = lanes[partitionOf(key, lanes.length)];
    if (lane === undefined) throw new Error(`topic ${topic} has no partition for ${key}`);
    const found = groups.get(lane.laneId);
    if (found !== undefined) return found;
    const group: LaneGroup<Lane> = { lane, entries: [], runs: [], count: 0 };
    groups.set(lane.laneId, group);
    return group;
  };
  const missing = new Map<number, string>();
  calls.forEach((entries, call) => {
    const unknown = unknownTopic(entries, lanesOf);
    if (unknown !== null) {
      missing.set(call, unknown);
      return;
    }
    let last: { topic: string; key: string; group: LaneGroup<Lane>; run: Run } | null = null;
    let first = 0;
    for (const each of entries) {
      if (last === null || last.key !== each.key || last.topic !== each.topic) {
        const group = groupOf(each);
        const run = { call, first, at: group.count, count: 0 };
        group.runs.push(run);
        last = { topic: each.topic, key: each.key, group, run };
      }
      const count = recordsIn(each);
      last.group.entries.push(each);
      last.group.count += count;
      last.run.count += count;
      first += count;
    }
  });
  return { groups: [...groups.values()], missing };
};

const unknownTopic = (
  entries: readonly LogEntry[],
  lanesOf: (topic: string) => readonly unknown[],
): string | null => {
  let known: string | null = null;
  for (const { topic } of entries) {
    if (topic === known) continue;
    if (lanesOf(topic).length === 0) return topic;
    known = topic;
  }
  return null;
};

/** What became of a call whose records are in the log. Where each is, is worked out when asked: mostly nobody does. */
export class DurableCall {
  readonly kind = "durable";
  readonly #placed: { readonly partition: number; readonly base: number; readonly run: Run }[] = [];

  /** The run's group was written from this offset on. */
  place(partition: number, base: number, run: Run): void {
    this.#placed.push({ partition, base, run });
  }

  get positions(): readonly LogPosition[] {
    const positions: LogPosition[] = [];
    for (const { partition, base, run } of this.#placed)
      for (let i = 0; i < run.count; i += 1)
        positions[run.first + i] = { partition, offset: base + run.at + i };
    return positions;
  }
}
