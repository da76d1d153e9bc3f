import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
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

const RECEIVED_AT = "2026-03-05T08:00:00.000Z";
const days = () => bed.rows("SELECT day, gps_rows FROM fact_vehicle_day ORDER BY ALL");

/** Two minutes of driving from uptime 50 s on, of which nobody knew when they were. */
const lost = (): readonly StreamRow[] =>
  driveRows([DRIVE], { at: RECEIVED_AT, unsynced: { uptimeMs: 50_000, receivedAt: RECEIVED_AT } });

const word = (at: string, uptimeMs: number, more: StreamRow["row"] = {}): StreamRow =>
  streamRow("agent_events", "car-1", at, {
    kind: "clock_corrected",
    uptime_ms: uptimeMs,
    machine_boot: "m-unsynced",
    ...more,
  });

/** The drive was from 10:00 to 10:02 of this day, says a word of 10:02:30. */
const said = (day: string, more: StreamRow["row"] = {}): StreamRow => word(`${day}T10:02:30Z`, 200_000, more);

describe.each(["duckdb", "redshift"] as const)("without a clock, in %s's SQL", (dialect) => {
  test("a trip stands where it was driven once the car knows the time", async () => {
    await bed.merge(lost());
    await bed.refresh(dialect);
    await bed.merge([said("2026-03-01")]);
    await bed.refresh(dialect);
    expect(await trips()).toMatchObject([
      { started_at: "2026-03-01T10:00:00.000Z", ended_at: "2026-03-01T10:01:59.000Z", km: 2.38 },
    ]);
    expect(await days()).toEqual([{ day: "2026-03-01", gps_rows: "120" }]);
  });

  test("rows go with their facts, wherever those stand", async () => {
    // The word came after midnight, so that no row stands on the day of the drive.
    await bed.merge([...lost(), word("2026-03-02T00:10:00Z", 15_000_000)]);
    await bed.refresh(dialect);
    expect(await days()).toEqual([{ day: "2026-03-01", gps_rows: "120" }]);
    for (const stream of ["gps_data", "vehicle_data", "agent_events"] as const)
      await bed.remove(stream, "vehicle_id = 'car-1'");
    await bed.refresh(dialect);
    expect(Object.values(await bed.facts()).flat()).toEqual([]);
    expect(await bed.rows("SELECT vehicle_id FROM vehicle_last_state")).toEqual([]);
  });

  test("a word that goes, as by retention, leaves the drive where it was received", async () => {
    await bed.merge([...lost(), said("2026-03-01")]);
    await bed.refresh(dialect);
    await bed.remove("agent_events", "true");
    await bed.refresh(dialect);
    expect(await days()).toEqual([{ day: "2026-03-05", gps_rows: "120" }]);
  });

  test("a second word that knows better moves the drive, and leaves nothing behind", async () => {
    await bed.merge([...lost(), said("2026-03-03", { clock: "ntp" })]);
    await bed.refresh(dialect);
    expect(await days()).toEqual([{ day: "2026-03-03", gps_rows: "120" }]);
    await bed.merge([said("2026-03-01")]);
    await bed.refresh(dialect);
    expect(await trips()).toMatchObject([{ started_at: "2026-03-01T10:00:00.000Z" }]);
    expect(await days()).toEqual([{ day: "2026-03-01", gps_rows: "120" }]);
  });
});

test("a word of a time that no row would be trusted with moves nothing", async () => {
  for (const captured of ["2006-07-16T10:02:30Z", "2037-07-16T10:02:30Z"]) {
    await bed.clear();
    await bed.merge([...lost(), said("2026-03-05", { captured_at: captured, received_at: RECEIVED_AT })]);
    await bed.refresh();
    expect(await days(), captured).toEqual([{ day: "2026-03-05", gps_rows: "120" }]);
  }
});

test("an incident is told anew when a word of it goes that was neither the first nor the last", async () => {
  const told = (at: string, more: StreamRow["row"]): StreamRow =>
    streamRow("emergency_data", "car-1", at, {
      incident_id: "i-1",
      type: "medical",
      status: "active",
      severity: "minor",
      source: "button",
      ...more,
    });
  await bed.merge([
    told("2026-03-01T10:00:00Z", {}),
    told("2026-03-02T10:00:00Z", { severity: "major", description: "worse" }),
    told("2026-03-03T10:00:00Z", { status: "resolved" }),
    told("2026-03-04T10:00:00Z", { description: "looked at again" }),
  ]);
  await bed.refresh();
  const incidents = () => bed.rows("SELECT severity, description, told FROM fact_emergency");
  expect(await incidents()).toEqual([{ severity: "major", description: "worse", told: "4" }]);
  await bed.remove("emergency_data", "severity = 'major'");
  await bed.refresh();
  expect(await incidents()).toEqual([{ severity: "minor", description: "looked at again", told: "3" }]);
  await bed.remove("emergency_data", "description = 'looked at again'");
  await bed.refresh();
  expect(await incidents()).toEqual([{ severity: "minor", description: null, told: "2" }]);
});
