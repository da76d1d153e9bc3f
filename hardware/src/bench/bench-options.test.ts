import { isRoadstreamError } from "@roadstream/shared";
import { expect, test } from "vitest";
import { parseBenchQuery, queryText } from "./bench-options.ts";

test("nothing said is a trip of seed 1 in real time on the built-in road", () => {
  expect(parseBenchQuery("")).toEqual({
    routeFile: null,
    seed: 1,
    pace: 1,
    startAt: null,
    duration: null,
    from: 0,
    rateHz: 1,
    order: "ublox",
    incidents: "rare",
  });
});

test("everything can be said", () => {
  const text =
    "?route=a%20b.geojson&seed=7&pace=max&start=2026-05-01T12:00:00Z&duration=30m&from=90s&rate=5&order=sirf&incidents=each";
  expect(parseBenchQuery(text)).toEqual({
    routeFile: "a b.geojson",
    seed: 7,
    pace: "max",
    startAt: Date.UTC(2026, 4, 1, 12),
    duration: 1_800_000,
    from: 90_000,
    rateHz: 5,
    order: "sirf",
    incidents: "each",
  });
});

test.each([
  "seed=-1",
  "seed=1.5",
  "seed=1e3",
  "seed=99999999999",
  "pace=0",
  "pace=fast",
  "pace=1e9",
  "pace=NaN",
  "start=yesterday",
  "start=2026-02-30T00:00:00Z",
  "duration=0s",
  "duration=5",
  "rate=0",
  "rate=11",
  "order=gpsd",
  "incidents=many",
  "speed=5",
  "__proto__=1",
])("%s is refused", (text) => {
  let thrown: unknown = null;
  try {
    parseBenchQuery(text);
  } catch (error) {
    thrown = error;
  }
  expect(isRoadstreamError(thrown, "usage")).toBe(true);
});

test("single settings go over the text", () => {
  expect(queryText("seed=1&pace=2", { seed: "9", pace: null, route: null })).toBe("seed=9&pace=2");
});
