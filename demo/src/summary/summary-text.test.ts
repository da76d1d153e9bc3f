import { expect, test } from "vitest";
import type { Verdict } from "../judge-run.ts";
import { nextCommands } from "./command-lines.ts";
import { styleFor } from "./style.ts";
import { streamCounts } from "./stream-counts.ts";
import { summaryText } from "./summary-text.ts";
import { parseVerifyReport } from "./verify-report.ts";

const counts = {
  given: 1200,
  landed: 1200,
  rejected: 0,
  declared_gap: 0,
  in_log: 0,
  in_car: 0,
  lost: 0,
  doubled: 0,
};
const verdict = (totals: Partial<typeof counts> = {}, clean = true): Verdict => {
  const all = { ...counts, ...totals };
  const series = [{ vehicle_id: "car-1", boot_id: "b", stream: "gps_data", ...all }];
  const verify = parseVerifyReport(JSON.stringify({ clean, complete_through: null, totals: all, series }));
  return {
    ok: clean,
    streams: streamCounts(verify, new Set(["b"])),
    latency_ms: { p50: 810, p99: 1640 },
    bytes_per_km: 24_300,
    distance_km: 218.44,
    files: 1,
    restarts: 0,
    verify,
    answer: "weather  km_h\nrain       80\n",
    sentBytes: 5_308_092,
  };
};

const trip = {
  vehicle: "car-1",
  seed: 42,
  routeName: "A to B",
  durationS: 7265,
  distanceKm: 218.4,
  kmAt: () => 0,
};
const next = nextCommands(
  { program: "bin/roadstream", folder: "/x" },
  { logSpec: "sqlite:/x/l", lakeSpec: "file:/x/lake", given: [], recordId: "car-1/b/gps_data/1" },
);
const style = styleFor({ isTerminal: false, env: {} });
const text = (of: Verdict): string =>
  summaryText({ verdict: of, trips: [trip], elapsedS: 124, pace: "60", next, style });

test("a person reads what was captured, what became of it, and how to look further", () => {
  const lines = text(verdict()).split("\n");
  expect(lines).toContain(
    "car-1 drove 2 h 1 min on the road A to B, at 60 times its pace; all done in 2 min 4 s.",
  );
  expect(lines).toContain(
    "  gps_data              1,200          1,200    1,200          0      0         0",
  );
  expect(text(verdict())).toContain("Nothing lost, nothing doubled");
  expect(lines).toContain("  capture to queryable   p50 810 ms, p99 1.64 s");
  expect(lines).toContain("  driven                 218.4 km by the odometer");
  expect(lines).toContain("  sent                   5.3 MB by MQTT, 24.3 kB per km");
  expect(lines).toContain("    rain       80");
  expect(text(verdict())).toContain("bin/roadstream cloud trace car-1/b/gps_data/1");
  expect(text(verdict())).not.toContain("Elsewhere");
});

test("a defect is said in its place, and what is elsewhere too", () => {
  const bad = text(verdict({ landed: 1000, lost: 1, doubled: 3, in_car: 199 }, false));
  expect(bad).toContain("1 reading lost, 3 doubled");
  expect(bad).not.toContain("Nothing lost");
  expect(bad).toContain("Elsewhere: 199 still in a car.");
});

test("colour only on a terminal, and not where it is not wanted", () => {
  const isColoured = (isTerminal: boolean, env: Record<string, string>): boolean =>
    styleFor({ isTerminal, env }).bold("x") !== "x";
  expect(isColoured(true, {})).toBe(true);
  expect(isColoured(true, { NO_COLOR: "1" })).toBe(false);
  expect(isColoured(true, { TERM: "dumb" })).toBe(false);
  expect(isColoured(false, {})).toBe(false);
});
