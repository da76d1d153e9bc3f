import { expect, test } from "vitest";
import { streamCounts } from "./stream-counts.ts";
import { parseVerifyReport } from "./verify-report.ts";

const NONE = {
  given: 0,
  landed: 0,
  rejected: 0,
  declared_gap: 0,
  in_log: 0,
  in_car: 0,
  unknown: 0,
  removed: 0,
  foreign: 0,
  lost: 0,
  doubled: 0,
};
const series = (boot: string, stream: string, counts: Partial<typeof NONE>) => ({
  vehicle_id: "car-1",
  boot_id: boot,
  stream,
  missing: [],
  ...NONE,
  ...counts,
});

const report = parseVerifyReport(
  JSON.stringify({
    clean: true,
    complete_through: null,
    totals: NONE,
    series: [
      series("b1", "gps_data", { given: 10, landed: 6, rejected: 1, in_car: 2, declared_gap: 1 }),
      series("b2", "gps_data", { given: 5, landed: 3, lost: 1, in_log: 1, doubled: 2 }),
      series("b0", "gps_data", { given: 100, landed: 100 }),
      series("b1", "weather_data", { given: 1, landed: 1 }),
    ],
  }),
);

test("counts are of the boots asked about, per stream; what a car holds or dropped was not acknowledged", () => {
  const streams = streamCounts(report, new Set(["b1", "b2"]));
  expect(streams.gps_data).toEqual({
    captured: 15,
    acknowledged: 12,
    landed: 9,
    rejected: 1,
    declared_gap: 1,
    lost: 1,
    doubled: 2,
  });
  expect(streams.weather_data).toMatchObject({ captured: 1, acknowledged: 1, landed: 1 });
  expect(streams.emergency_data).toMatchObject({ captured: 0, landed: 0 });
  expect(Object.keys(streams)).toHaveLength(6);
});
