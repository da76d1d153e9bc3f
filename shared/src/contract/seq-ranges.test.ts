import fc from "fast-check";
import { expect, test } from "vitest";
import { SeqRanges } from "./seq-ranges.ts";

const seq = fc.integer({ min: 1, max: 60 });
const step = fc.record({ op: fc.constantFrom("add", "remove"), a: seq, b: seq });

const numbers = (set: SeqRanges): number[] =>
  [...set].flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i));

const build = (steps: readonly { op: string; a: number; b: number }[]) => {
  const set = new SeqRanges();
  const model = new Set<number>();
  for (const { op, a, b } of steps) {
    const [from, to] = a < b ? [a, b] : [b, a];
    if (op === "add") set.add(from, to);
    else set.remove(from, to);
    for (let n = from; n <= to; n += 1) {
      if (op === "add") model.add(n);
      else model.delete(n);
    }
  }
  return { set, model: [...model].sort((x, y) => x - y) };
};

test("behaves as a set of numbers and keeps its ranges sorted, disjoint and not adjacent", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const { set, model } = build(steps);
      expect(numbers(set)).toEqual(model);
      expect(set.size).toBe(model.length);
      expect(set.last).toBe(model.at(-1) ?? 0);
      const ranges = [...set];
      for (let i = 1; i < ranges.length; i += 1) expect(ranges[i]![0]).toBeGreaterThan(ranges[i - 1]![1] + 1);
      for (let n = 1; n <= 61; n += 1) {
        expect(set.has(n)).toBe(model.includes(n));
        expect(set.nextPresent(n)).toBe(model.find((m) => m >= n) ?? null);
        let absent = n;
        while (model.includes(absent)) absent += 1;
        expect(set.nextAbsent(n)).toBe(absent);
      }
    }),
  );
});

test("minus and intersect agree with sets", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 15 }), fc.array(step, { maxLength: 15 }), (left, right) => {
      const a = build(left);
      const b = build(right);
      expect(numbers(a.set.minus(b.set))).toEqual(a.model.filter((n) => !b.model.includes(n)));
      expect(numbers(a.set.intersect(b.set))).toEqual(a.model.filter((n) => b.model.includes(n)));
    }),
  );
});
