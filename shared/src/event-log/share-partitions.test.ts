import * as fc from "fast-check";
import { expect, test } from "vitest";
import { planShare } from "./share-partitions.ts";

interface World {
  readonly partitions: readonly number[];
  readonly holders: Map<number, string>;
  members: readonly string[];
}

const step = (world: World, me: string): number => {
  const lanes = world.partitions.flatMap((count, topic) =>
    Array.from({ length: count }, (_, partition) => {
      const lane = topic * 100 + partition;
      return { lane, topic, holder: world.holders.get(lane) ?? null, members: world.members };
    }),
  );
  const { release, claim } = planShare(lanes, me);
  for (const lane of release) world.holders.delete(lane);
  for (const lane of claim) {
    expect(world.holders.has(lane)).toBe(false);
    world.holders.set(lane, me);
  }
  return release.length + claim.length;
};

test("whatever members come and go, every partition is soon held once and nobody holds two more than another", () => {
  const names = ["a", "b", "c", "d", "e"];
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 4 }),
      fc.array(fc.subarray(names, { minLength: 1 }), { minLength: 1, maxLength: 6 }),
      (partitions, epochs) => {
        const world: World = { partitions, holders: new Map(), members: [] };
        for (const members of epochs) {
          world.members = members;
          for (const [lane, holder] of world.holders)
            if (!members.includes(holder)) world.holders.delete(lane);
          for (let round = 0; round < 2; round += 1) for (const member of members) step(world, member);
          expect(members.map((member) => step(world, member)).every((moves) => moves === 0)).toBe(true);
          for (const [topic, count] of partitions.entries()) {
            const held = members.map(
              (member) =>
                [...world.holders].filter(([lane, by]) => by === member && Math.floor(lane / 100) === topic)
                  .length,
            );
            expect(held.reduce((sum, n) => sum + n, 0)).toBe(count);
            expect(Math.max(...held) - Math.min(...held)).toBeLessThanOrEqual(1);
          }
        }
      },
    ),
  );
});
