import * as fc from "fast-check";
import { expect, test } from "vitest";
import { planShare } from "./share-partitions.ts";

interface Member {
  readonly name: string;
  /** Indices of the topics that it wants. */
  readonly wants: readonly number[];
}

interface World {
  /** How many each topic has. */
  readonly partitions: readonly number[];
  readonly holders: Map<number, string>;
  members: readonly Member[];
}

const NUMBERS = 100;

const lanesOf = ({ partitions, holders, members }: World) =>
  partitions.flatMap((count, topic) =>
    Array.from({ length: count }, (_, partition) => {
      const lane = topic * NUMBERS + partition;
      const wanting = members.filter(({ wants }) => wants.includes(topic)).map(({ name }) => name);
      return { lane, topic, partition, holder: holders.get(lane) ?? null, members: wanting };
    }),
  );

const step = (world: World, { name }: Member): number => {
  const lanes = lanesOf(world);
  // In whatever order one sees them, it comes to the same.
  const { release, claim } = planShare(name < "c" ? lanes : lanes.toReversed(), name);
  for (const lane of release) {
    expect(world.holders.get(lane)).toBe(name);
    world.holders.delete(lane);
  }
  for (const lane of claim) {
    expect(world.holders.has(lane)).toBe(false);
    world.holders.set(lane, name);
  }
  return release.length + claim.length;
};

const settle = (world: World): void => {
  const names = new Set(world.members.map(({ name }) => name));
  for (const [lane, holder] of world.holders) if (!names.has(holder)) world.holders.delete(lane);
  for (let round = 0; round < 2; round += 1) for (const member of world.members) step(world, member);
  for (const member of world.members) expect(step(world, member)).toBe(0);
};

const expectShared = (world: World): void => {
  const alike = Map.groupBy(lanesOf(world), ({ members }) => members.join());
  for (const lanes of alike.values()) {
    const wanting = lanes[0]?.members ?? [];
    if (wanting.length === 0) continue;
    const quotas = new Map(wanting.map((name) => [name, 0]));
    for (const ofNumber of Map.groupBy(lanes, ({ partition }) => partition).values()) {
      const holders = new Set(ofNumber.map(({ holder }) => holder));
      expect(holders.size).toBe(1);
      const [holder = null] = holders;
      expect(wanting).toContain(holder);
      quotas.set(holder ?? "", (quotas.get(holder ?? "") ?? 0) + 1);
    }
    expect(Math.max(...quotas.values()) - Math.min(...quotas.values())).toBeLessThanOrEqual(1);
  }
};

const NAMES = ["a", "b", "c", "d", "e"];
const counts = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 4 });
const somebody = fc.subarray(NAMES, { minLength: 1 });
const wants = fc.array(fc.subarray([0, 1, 2, 3]), { minLength: NAMES.length, maxLength: NAMES.length });

test("from whatever state, every partition is soon held once, those of one number together, and all hold about as many", () => {
  const someHolders = fc.array(fc.constantFrom(null, ...NAMES), { minLength: 28, maxLength: 28 });
  fc.assert(
    fc.property(
      counts,
      someHolders,
      fc.array(fc.tuple(somebody, wants), { minLength: 1, maxLength: 5 }),
      (partitions, held, epochs) => {
        const world: World = { partitions, holders: new Map(), members: [] };
        for (const [names, wanted] of epochs) {
          world.members = names.map((name) => ({ name, wants: wanted[NAMES.indexOf(name)] ?? [] }));
          // Nobody holds what it does not want: who wants other topics is another member.
          for (const [i, { lane, members }] of lanesOf(world).entries()) {
            const holder = world.holders.get(lane) ?? held[i] ?? null;
            if (holder !== null && members.includes(holder)) world.holders.set(lane, holder);
            else world.holders.delete(lane);
          }
          settle(world);
          expectShared(world);
        }
      },
    ),
    { numRuns: 200 },
  );
});

test("who joins gets its share and nothing else moves; what the one that leaves held goes, and nothing else", () => {
  const all = [0, 1, 2, 3];
  fc.assert(
    fc.property(counts, fc.integer({ min: 1, max: 4 }), fc.nat(), (partitions, size, leaver) => {
      const member = (name: string): Member => ({ name, wants: all });
      const before = NAMES.slice(0, size).map(member);
      const world: World = { partitions, holders: new Map(), members: before };
      settle(world);
      const alone = new Map(world.holders);
      world.members = [...before, member("new")];
      settle(world);
      for (const [lane, holder] of world.holders) expect([alone.get(lane), "new"]).toContain(holder);
      const together = new Map(world.holders);
      const gone = world.members[leaver % world.members.length]?.name;
      world.members = world.members.filter(({ name }) => name !== gone);
      settle(world);
      for (const [lane, holder] of world.holders)
        if (together.get(lane) !== gone) expect(holder).toBe(together.get(lane));
    }),
    { numRuns: 200 },
  );
});

test("of two numbers that are free, it takes the one of which it has the other topics", () => {
  const members = ["me", "you"];
  const lane = (topic: number, partition: number, holder: string | null) => ({
    lane: topic * NUMBERS + partition,
    topic,
    partition,
    holder,
    members,
  });
  const lanes = [lane(0, 0, null), lane(0, 1, null), lane(1, 0, "you"), lane(1, 1, "me")];
  expect(planShare(lanes, "me")).toEqual({ release: [], claim: [1] });
  expect(planShare(lanes, "you")).toEqual({ release: [], claim: [0] });
});
