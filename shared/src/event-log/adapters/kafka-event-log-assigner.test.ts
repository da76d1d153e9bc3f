import * as fc from "fast-check";
import { AssignerProtocol, type Assignment, type Cluster } from "kafkajs";
import { expect, test } from "vitest";
import { coPartitionAssigner } from "./kafka-event-log-assigner.ts";

const TOPICS = ["gps", "events", "letters", "obd"];

type Wants = Readonly<Record<string, readonly string[]>>;

/** As the leader of a group does it, which knows its own topics only until it asks for others. */
const assign = async (
  wants: Wants,
  counts: Readonly<Record<string, number>>,
): Promise<Record<string, Assignment>> => {
  const known = new Set(Object.values(wants)[0]);
  const cluster = {
    addMultipleTargetTopics: (topics: readonly string[]) => {
      for (const topic of topics) known.add(topic);
      return Promise.resolve();
    },
    findTopicPartitionMetadata: (topic: string) =>
      Array.from({ length: known.has(topic) ? (counts[topic] ?? 0) : 0 }, (_, partitionId) => ({
        partitionId,
      })),
  } as unknown as Cluster;
  const assigner = coPartitionAssigner({ cluster, groupId: "g", logger: null as never });
  const members = Object.entries(wants).map(([memberId, topics]) => ({
    memberId,
    memberMetadata: assigner.protocol({ topics: [...topics] }).metadata,
  }));
  const assigned = await assigner.assign({ members, topics: [...(Object.values(wants)[0] ?? [])] });
  return Object.fromEntries(
    assigned.map(({ memberId, memberAssignment }) => [
      memberId,
      AssignerProtocol.MemberAssignment.decode(memberAssignment)?.assignment ?? {},
    ]),
  );
};

test("four members have the same numbers of every topic, as many as the topic has", async () => {
  const wants = Object.fromEntries(["d", "b", "a", "c"].map((name) => [name, ["gps", "events", "letters"]]));
  expect(await assign(wants, { gps: 6, events: 6, letters: 2 })).toEqual({
    a: { gps: [0, 4], events: [0, 4], letters: [0] },
    b: { gps: [1, 5], events: [1, 5], letters: [1] },
    c: { gps: [2], events: [2] },
    d: { gps: [3], events: [3] },
  });
});

test("whoever wants what: all that is wanted is given once, to who wants it, evenly, together, whoever leads", async () => {
  const names = ["m1", "m2", "m3", "m4", "m5"];
  await fc.assert(
    fc.asyncProperty(
      fc.subarray(names, { minLength: 1 }),
      fc.array(fc.subarray(TOPICS), { minLength: names.length, maxLength: names.length }),
      fc.array(fc.integer({ min: 1, max: 7 }), { minLength: TOPICS.length, maxLength: TOPICS.length }),
      async (members, wanted, partitions) => {
        const entries = members.map((name) => [name, wanted[names.indexOf(name)] ?? []] as const);
        const counts = Object.fromEntries(TOPICS.map((topic, i) => [topic, partitions[i] ?? 0]));
        const given = await assign(Object.fromEntries(entries), counts);
        expect(await assign(Object.fromEntries(entries.toReversed()), counts)).toEqual(given);
        const holders = new Map<string, string[]>();
        for (const topic of TOPICS) {
          const wanting = entries.filter(([, topics]) => topics.includes(topic)).map(([name]) => name);
          const shares = wanting.map((name) => given[name]?.[topic] ?? []);
          if (wanting.length === 0) continue;
          const all = Array.from({ length: counts[topic] ?? 0 }, (_, i) => i);
          expect(shares.flat().sort((a, b) => a - b)).toEqual(all);
          const sizes = shares.map(({ length }) => length);
          expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
          for (const [i, share] of shares.entries())
            for (const partition of share) {
              const key = `${wanting.join()}/${partition}`;
              holders.set(key, [...(holders.get(key) ?? []), wanting[i] ?? ""]);
            }
        }
        for (const together of holders.values()) expect(new Set(together).size).toBe(1);
        const unwanted = entries.flatMap(([name, topics]) =>
          Object.keys(given[name] ?? {}).filter((topic) => !topics.includes(topic)),
        );
        expect(unwanted).toEqual([]);
      },
    ),
  );
});
