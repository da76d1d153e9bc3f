import { expect, test } from "vitest";
import { ImpactDetector, SAME_IMPACT_MS, type Impact, type SpeedSample } from "./impact-detector.ts";

const at = (ms: number, speedKmh: number): SpeedSample => ({ fromMs: ms, toMs: ms, speedKmh });

/** Speeds one second apart. */
const drive = (speeds: readonly number[], everyMs = 1000): readonly (Impact | null)[] => {
  const detector = new ImpactDetector();
  return speeds.map((speedKmh, index) => detector.push(at(index * everyMs, speedKmh)));
};
const impacts = (speeds: readonly number[], everyMs?: number): Impact[] =>
  drive(speeds, everyMs).filter((impact) => impact !== null);

test("a stop harder than any braking is an impact, told with the sample that confirms it", () => {
  const told = drive([100, 100, 5, 0, 0]);
  expect(told.map((impact) => impact !== null)).toEqual([false, false, false, true, false]);
  expect(told[3]).toEqual({ severity: "major", fromKmh: 100, toKmh: 5, perSecond: 95 });
  expect(impacts([48, 0, 0])).toMatchObject([{ severity: "minor" }]);
});

test.each([
  ["emergency braking at 1 g", [120, 85, 50, 15, 0, 0]],
  ["a kerb at walking pace", [20, 0, 0]],
  ["one wrong value", [100, 0, 100, 100]],
  ["a speed that jumps up", [0, 100, 100]],
  ["standing", [0, 0, 0, 0]],
])("%s is none", (_, speeds) => {
  expect(impacts(speeds)).toEqual([]);
});

test("samples too far apart, or too close for their digits, say nothing", () => {
  expect(impacts([100, 0, 0], 3000)).toEqual([]);
  expect(impacts([100, 96, 96], 50)).toEqual([]);
  expect(impacts([100, 60, 20, 0], 100)).toHaveLength(1);
});

test("time that stands still or goes back divides by nothing", () => {
  const detector = new ImpactDetector();
  for (const atMs of [5000, 5000, 4000]) expect(detector.push(at(atMs, atMs === 5000 ? 90 : 0))).toBe(null);
});

test("what follows within a minute belongs to the same impact", () => {
  const detector = new ImpactDetector();
  const crash = (atMs: number): boolean =>
    [90, 0, 0].map((speedKmh, index) => detector.push(at(atMs + index * 1000, speedKmh))).some(Boolean);
  expect(crash(0)).toBe(true);
  expect(crash(10_000)).toBe(false);
  expect(crash(2 * SAME_IMPACT_MS)).toBe(true);
  // The receiver's date was a wrong one.
  expect(crash(-500 * SAME_IMPACT_MS)).toBe(true);
});

test("an answer that is read late makes no braking sudden", () => {
  const detector = new ImpactDetector();
  // 0.4 g, asked for every second, answered after 100 ms; a stall kept two answers from being read.
  const samples = [80, 80, 66, 52, 38, 24].map((speedKmh, second) => ({
    fromMs: second * 1000,
    toMs: second * 1000 + (second === 2 ? 950 : 100),
    speedKmh,
  }));
  expect(samples.map((sample) => detector.push(sample))).toEqual(samples.map(() => null));
  const crash = [24, 90, 90, 5, 0].map((speedKmh, second) => ({
    fromMs: (second + 6) * 1000,
    toMs: (second + 6) * 1000 + 100,
    speedKmh,
  }));
  expect(crash.map((sample) => detector.push(sample)).at(-1)).toMatchObject({ severity: "major" });
});
