import { isoTime, seededRandom, unixMillis, uptimeMillis } from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import { expect, test } from "vitest";
import type { SampledReadingOf } from "../ports.ts";
import { gpsSample } from "../testing/sample-readings.ts";
import { IncidentWatch } from "./incident-watch.ts";

const watch = (): IncidentWatch => new IncidentWatch({ clock: new VirtualClock(), random: seededRandom(1) });

/** A fix of that second, read so much later. */
const fix = (atS: number, speed_kmh: number | null, lateMs = 0): SampledReadingOf<"gps_data"> =>
  gpsSample(
    { uptime: uptimeMillis(atS * 1000 + lateMs) },
    { speed_kmh, fix_at: isoTime(unixMillis(Date.UTC(2026, 0, 1) + atS * 1000)) },
  );

const wheels = (
  atS: number,
  columns: Partial<SampledReadingOf<"vehicle_data">["columns"]>,
  lateMs = 0,
): SampledReadingOf<"vehicle_data"> =>
  ({
    ...gpsSample({ uptime: uptimeMillis(atS * 1000 + lateMs) }),
    speedBetween: { from: uptimeMillis(atS * 1000 - 100), to: uptimeMillis(atS * 1000 + lateMs) },
    stream: "vehicle_data",
    columns: { speed_kmh: null, mil_on: null, dtc_codes: null, ...columns },
  }) as unknown as SampledReadingOf<"vehicle_data">;

test("an impact is an accident at the time of the reading that confirmed it", () => {
  const incidents = watch();
  const first = [fix(1, 90), fix(2, 3), fix(3, null)];
  expect(first.flatMap((reading) => incidents.observe(reading))).toEqual([]);
  const [accident] = incidents.observe(fix(4, 0));
  expect(accident).toMatchObject({
    stream: "emergency_data",
    uptime: 4000,
    columns: { type: "accident", status: "active", severity: "major", source: "impact" },
  });
  expect(accident?.columns.description).toBe("from 90 to 3 km/h at 87 km/h per second");
});

test.each(["gps", "wheels"] as const)(
  "a stall makes no accident of braking: %s, read up to 0.95 s late",
  (sensor) => {
    const incidents = watch();
    const speeds = [80, 80, 66, 52, 38, 24];
    const seen = speeds.map((speed_kmh, second) => {
      const lateMs = second === 2 ? 950 : 20;
      return sensor === "gps" ? fix(second, speed_kmh, lateMs) : wheels(second + 1, { speed_kmh }, lateMs);
    });
    expect(seen.flatMap((reading) => incidents.observe(reading))).toEqual([]);
    const crash = [90, 4, 0].map((speed_kmh, second) =>
      sensor === "gps" ? fix(second + 9, speed_kmh) : wheels(second + 9, { speed_kmh }),
    );
    expect(crash.flatMap((reading) => incidents.observe(reading))).toHaveLength(1);
  },
);

test("a speed whose time nobody knows is no ground for an accident", () => {
  const incidents = watch();
  const undated = [90, 0, 0].map((speed_kmh, s) =>
    gpsSample({ uptime: uptimeMillis(s * 1000) }, { speed_kmh, fix_at: null }),
  );
  expect(undated.flatMap((reading) => incidents.observe(reading))).toEqual([]);
});

test("two sensors' speeds are not compared with each other", () => {
  const incidents = watch();
  const both = [1, 2, 3, 4].flatMap((s) => [
    ...incidents.observe(fix(s, 90)),
    ...incidents.observe(wheels(s + 0.1, { speed_kmh: 0 })),
  ]);
  expect(both).toEqual([]);
});

test("a breakdown begins, gets worse and resolves under one id; the next one has its own", () => {
  const incidents = watch();
  const rows = [
    { mil_on: false, dtc_codes: "" },
    { mil_on: true, dtc_codes: "" },
    { mil_on: true, dtc_codes: "P0217" },
    { mil_on: true, dtc_codes: "P0217" },
    { mil_on: null, dtc_codes: null },
    { mil_on: false, dtc_codes: "" },
    { mil_on: true, dtc_codes: "P0301" },
  ].flatMap((columns, index) => incidents.observe(wheels(index + 1, columns)).map(({ columns: row }) => row));
  expect(rows.map(({ status, severity, source }) => [status, severity, source])).toEqual([
    ["active", "minor", "obd"],
    ["active", "major", "obd"],
    ["resolved", "major", "obd"],
    ["active", "major", "obd"],
  ]);
  const ids = rows.map(({ incident_id }) => incident_id);
  expect(new Set(ids.slice(0, 3)).size).toBe(1);
  expect(ids[3]).not.toBe(ids[0]);
});
