import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { driveRows, streamRow, type Stretch, type StreamRow } from "../testing/driving-rows.ts";
import { FactBed } from "../testing/fact-bed.ts";

const DRIVE: Stretch = { seconds: 120, kmh: 72 };
const STAND: Stretch = { seconds: 60, kmh: 0 };

let bed: FactBed;
beforeAll(async () => {
  bed = await FactBed.open();
});
beforeEach(() => bed.clear());
afterAll(() => bed[Symbol.asyncDispose]());

const trips = () =>
  bed.rows(
    "SELECT started_at, ended_at, round(distance_km, 2) AS km, duration_s, unseen_s FROM fact_trip ORDER BY ALL",
  );

test("late rows open a trip again and correct it, and all that belongs to it", async () => {
  const rows = driveRows([DRIVE, { seconds: 900, kmh: 72 }, DRIVE, STAND, DRIVE], {
    at: "2026-03-01T23:50:00Z",
  });
  const isLate = ({ row }: StreamRow): boolean => {
    const at = Date.parse(String(row["event_at"]));
    return at >= Date.parse("2026-03-01T23:52:00Z") && at < Date.parse("2026-03-02T00:06:00Z");
  };
  await bed.merge(rows.filter((row) => !isLate(row)));
  await bed.refresh();
  // Its two ends look like one long tunnel.
  expect(await trips()).toMatchObject([{ unseen_s: 841 }]);
  await bed.merge(rows.filter((row) => isLate(row)));
  await bed.refresh();
  expect(await trips()).toMatchObject([
    { started_at: "2026-03-01T23:50:00.000Z", duration_s: 1319, unseen_s: 0 },
  ]);
});

test("facts that are computed twice are the same; what went from the streams goes from them", async () => {
  await bed.merge(driveRows([DRIVE], { at: "2026-03-01T10:00:00Z", vehicle: "car-2" }));
  await bed.merge(driveRows([DRIVE, STAND, DRIVE], { at: "2026-03-01T10:00:00Z" }));
  await bed.refresh();
  const once = await bed.facts();
  await bed.sql.run("INSERT INTO touched VALUES ('car-1', DATE '2026-03-01'), ('car-1', DATE '2026-03-01')");
  await bed.refresh();
  expect(await bed.facts()).toEqual(once);
  for (const stream of ["gps_data", "vehicle_data"] as const)
    await bed.remove(stream, "vehicle_id = 'car-1'");
  await bed.refresh();
  const vehicles = Object.values(await bed.facts()).flatMap((rows) =>
    rows.map((row) => (row as Readonly<Record<string, unknown>>)["vehicle_id"]),
  );
  expect([...new Set(vehicles)]).toEqual(["car-2"]);
});

test("a trip that was recorded without a clock stands where it was driven once the car knows the time", async () => {
  const receivedAt = "2026-03-05T08:00:00.000Z";
  await bed.merge(driveRows([DRIVE], { at: receivedAt, unsynced: { uptimeMs: 50_000, receivedAt } }));
  await bed.refresh();
  const word = streamRow("agent_events", "car-1", "2026-03-01T10:02:30Z", {
    kind: "clock_corrected",
    uptime_ms: 200_000,
    machine_boot: "m-unsynced",
    event_at: "2026-03-01T10:02:30.000Z",
  });
  await bed.merge([word]);
  await bed.refresh();
  expect(await trips()).toMatchObject([
    { started_at: "2026-03-01T10:00:00.000Z", ended_at: "2026-03-01T10:01:59.000Z", km: 2.38 },
  ]);
  expect(await bed.rows("SELECT day, gps_rows FROM fact_vehicle_day")).toEqual([
    { day: "2026-03-01", gps_rows: "120" },
  ]);
});
