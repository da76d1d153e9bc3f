import fc from "fast-check";
import { expect, test } from "vitest";
import { OrderedRelease } from "./ordered-release.ts";

test("whatever settles first, releases come in the order of entry", () => {
  fc.assert(
    fc.property(fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 8 }), (order) => {
      const released: number[] = [];
      const pending = new OrderedRelease();
      const settles = order.map((_, i) => pending.enter(() => void released.push(i)));
      for (const i of order) settles[i]?.("durable");
      expect(released).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
      expect(pending.size).toBe(0);
    }),
  );
});

test("nothing is released past an unsettled one, twice, or after the connection is gone", () => {
  const released: string[] = [];
  const pending = new OrderedRelease();
  const first = pending.enter((settlement) => void released.push(`first ${settlement}`));
  const second = pending.enter((settlement) => void released.push(`second ${settlement}`));
  second("durable");
  expect(released).toEqual([]);
  first("try_later");
  first("durable");
  expect(released).toEqual(["first try_later", "second durable"]);
  const third = pending.enter((settlement) => void released.push(`third ${settlement}`));
  pending.clear();
  third("durable");
  expect(released).toHaveLength(2);
});
