import { expect, test } from "vitest";
import type { CarProgress, PathProgress } from "./progress-view.ts";
import { briefProgress, progressLines } from "./progress-lines.ts";

const car = (index: number, more: Partial<CarProgress> = {}): CarProgress => ({
  trip: {
    vehicle: `car-${index}`,
    seed: index,
    routeName: "road",
    durationS: 100,
    distanceKm: 40,
    kmAt: (tripS) => tripS / 2.5,
  },
  state: "ready",
  drivenS: 50,
  captured: 1234,
  held: 0,
  ...more,
});

const path = (more: Partial<PathProgress> = {}): PathProgress => ({
  elapsedS: 65,
  cars: [car(1, { held: 7 })],
  gateway: { state: "ready", logged: 1227, refused: 0 },
  cloud: { state: "ready", landed: 1200, settled: 1202 },
  ...more,
});

test("one line per stage: how far the car is, and how far its readings are", () => {
  expect(progressLines(path())).toEqual([
    "  car-1    ██████████░░░░░░░░░░  50 %   20 of 40 km   1,234 readings, 7 not yet acknowledged",
    "  gateway  1,227 readings in the event log",
    "  cloud    1,200 rows in the lake, 25 on the way",
  ]);
});

test("a stage that is down says so; an ended car has arrived, however many seconds were counted", () => {
  const lines = progressLines(
    path({
      cars: [car(1, { state: "ended", drivenS: 98 })],
      gateway: { state: "waiting", logged: 5, refused: 0 },
      cloud: { state: "ready", landed: 5, settled: 5 },
    }),
  );
  expect(lines[0]).toContain("100 %   40 of 40 km");
  expect(lines[1]).toBe("  gateway  died; it starts again in a moment");
  expect(lines[2]).toBe("  cloud    5 rows in the lake");
});

test("many cars share a line", () => {
  const cars = Array.from({ length: 20 }, (_, index) => car(index, index < 5 ? { state: "ended" } : {}));
  const lines = progressLines(path({ cars }));
  expect(lines).toHaveLength(3);
  expect(lines[0]).toContain("15 of 20 driving   24,680 readings");
});

test("in brief for a file", () => {
  expect(briefProgress(path())).toBe(
    "1 min 5 s: 50 % of the trip, 1,234 readings captured, 1,227 in the event log, 1,200 in the lake",
  );
});
