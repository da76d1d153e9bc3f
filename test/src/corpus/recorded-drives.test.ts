import { FactBed } from "@roadstream/cloud/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findCorpus } from "./corpus-folder.ts";
import { drivesFile, labelsOf, recordedSeconds } from "./recorded-drives.ts";

/*
 * Recorded drives, whose makers marked where an accelerometer passed 0.35 g for an instant, across the car more often than along
 * it. Our streams have speed and heading once a second, which show what lasts. What can be promised is therefore one-sided: an
 * event of ours was felt in the car. How far both agree is printed, and told in docs/facts.md.
 */
const corpus = findCorpus(process.env["ROADSTREAM_CORPUS"]);
const file = corpus.kind === "found" ? drivesFile(corpus.folder) : null;
if (file === null) process.stderr.write("skipped: no corpus with drives/; set ROADSTREAM_CORPUS\n");

const NEAR_S = 3;
/** Half of what counts as harsh, by another sensor. */
const FELT_G = 0.15;

describe.skipIf(file === null)("recorded drives", () => {
  const seconds = file === null ? [] : recordedSeconds(file);
  let bed: FactBed;
  beforeAll(async () => {
    bed = await FactBed.open();
    await bed.merge(seconds.map(({ row }) => row));
    await bed.refresh();
  });
  afterAll(() => bed[Symbol.asyncDispose]());

  const events = async () =>
    (
      await bed.rows(
        "SELECT vehicle_id, kind, epoch(started_at) AS begun, epoch(ended_at) AS over FROM fact_event",
      )
    ).map((row) => ({
      drive: row["vehicle_id"] as string,
      kind: row["kind"] as string,
      from: Number(row["begun"]),
      until: Number(row["over"]),
    }));

  test("each is one trip, as long as the recorder's own distance", async () => {
    const trips = await bed.rows(
      "SELECT vehicle_id, COUNT(*) AS trips, SUM(distance_km) AS km FROM fact_trip GROUP BY vehicle_id",
    );
    for (const [drive, recorded] of Map.groupBy(seconds, (second) => second.drive)) {
      const found = trips.find((trip) => trip["vehicle_id"] === drive);
      expect(Number(found?.["trips"]), drive).toBe(1);
      const km = (recorded.at(-1)?.km ?? 0) - (recorded[0]?.km ?? 0);
      expect(Math.abs(Number(found?.["km"]) / km - 1), drive).toBeLessThan(0.03);
    }
  });

  test("every event was felt by the accelerometer", async () => {
    const found = await events();
    expect(found.length).toBeGreaterThan(0);
    for (const { drive, kind, from, until } of found) {
      const near = seconds.filter(
        (second) => second.drive === drive && second.at >= from - NEAR_S && second.at <= until + NEAR_S,
      );
      const felt = near.map(({ along, across }) => {
        if (kind === "harsh_cornering") return Math.abs(across);
        return kind === "harsh_braking" ? -along : along;
      });
      expect(Math.max(...felt), `${drive} ${kind} at ${from}`).toBeGreaterThan(FELT_G);
    }
  });

  test("what speed can show of the marks is found", async () => {
    const found = await events();
    const labels = labelsOf(seconds);
    const agrees = (
      one: (typeof found)[number],
      other: (typeof labels)[number],
      sameKind: boolean,
    ): boolean =>
      one.drive === other.drive &&
      (!sameKind || one.kind === other.kind) &&
      one.from <= other.until + NEAR_S &&
      one.until >= other.from - NEAR_S;
    const table = ["harsh_acceleration", "harsh_braking", "harsh_cornering"].map((kind) => {
      const ours = found.filter((one) => one.kind === kind);
      const theirs = labels.filter((one) => one.kind === kind);
      return {
        kind,
        events: ours.length,
        marks: theirs.length,
        precision:
          ours.filter((one) => theirs.some((other) => agrees(one, other, true))).length /
          Math.max(1, ours.length),
        recall:
          theirs.filter((other) => found.some((one) => agrees(one, other, true))).length /
          Math.max(1, theirs.length),
      };
    });
    process.stderr.write(`${JSON.stringify(table)}\n`);
    expect(table[0]?.recall).toBeGreaterThan(0);
  });
});
