import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { services } from "../services/services.ts";
import type { Arrival } from "./arrivals.ts";
import { CarRig } from "./car-rig.ts";

/** A receiver at its slowest stays silent for less; the agent gives up a silent port after 10 s. */
const LOST_DEADLINE_MS = 15_000;
const FIRST_FIX_DEADLINE_MS = 40_000;
/** Epochs so close to the turn of a knob may be on either side of it. */
const EDGE_MS = 200;
const FAULT_MS = 3200;
/** The first row after a return is of the epoch whose first sentence told of it. */
const SAME_EPOCH_MS = 500;

const fixTimes = (rows: readonly Arrival[]): readonly string[] =>
  rows.flatMap((row) => (typeof row["fix_at"] === "string" ? [row["fix_at"]] : []));

describe.skipIf(services("socat").skip)("a GPS receiver on a real serial line", () => {
  let rig: CarRig;
  beforeAll(async () => {
    rig = await CarRig.start();
  });
  afterAll(() => rig[Symbol.asyncDispose]());

  /** The epochs of a stretch of time that have a row, and those that have none. */
  const epochs = async (from: number, to: number) => {
    const seen = new Set(fixTimes(await rig.rows("gps_data")));
    const all = rig.truth.epochsBetween(from, to - EDGE_MS);
    return { withRow: all.filter((at) => seen.has(at)), without: all.filter((at) => !seen.has(at)) };
  };

  /** Waits until the receiver is heard again, and what was said before that has arrived too. */
  const heardAgain = () => rig.rowAfter("gps_data", 1200);

  test("heard from the middle of a sentence on, it has no position until it has one", async () => {
    const fixed = await rig.arrivals.until("gps_data", "a fix", (row) => row["fix"] !== "none", {
      deadlineMs: FIRST_FIX_DEADLINE_MS,
    });
    const before = (await rig.rows("gps_data")).slice(0, fixed.seq - 1);
    expect(before.length).toBeGreaterThan(0);
    expect(new Set(before.map((row) => row["latitude"]))).toEqual(new Set([null]));
    expect(await rig.told("gps", 0)).toEqual([]);
  });

  test.each(["nul", "binary", "garbage"])("%s between its sentences harms none of them", async (fault) => {
    await rig.tell(`gps ${fault}`);
    const from = rig.now();
    const { uptime_ms: to } = await rig.rowAfter("gps_data", FAULT_MS);
    await rig.tell("gps resume");
    await heardAgain();
    const { withRow, without } = await epochs(from, to);
    expect(without).toEqual([]);
    expect(withRow.length).toBeGreaterThanOrEqual(3);
    expect(await rig.told("gps", from)).toEqual([]);
  });

  test.each([
    ["checksum", 'reason="checksum_wrong"'],
    ["merged", 'reason="too_long"'],
  ])("%s: spoiled sentences are counted, and nothing is made of them", async (fault, label) => {
    const counted = () => rig.counted("roadstream_agent_gps_discarded_bytes_total", label);
    const before = await counted();
    await rig.tell(`gps ${fault}`);
    const from = rig.now();
    await expect.poll(() => counted(), { timeout: 5000 }).toBeGreaterThan(before + 2);
    const to = rig.now();
    await rig.tell("gps resume");
    await heardAgain();
    expect((await epochs(from, to)).withRow).toEqual([]);
    expect(await rig.told("gps", from)).toEqual([]);
  });

  test.each(["silence", "unplug"])(
    "%s: the agent says that it hears nothing, and when it does again",
    async (fault) => {
      await rig.tell(`gps ${fault}`);
      const from = rig.now();
      await rig.untilTold("gps", "source_lost", from, LOST_DEADLINE_MS);
      const to = rig.now();
      await rig.tell("gps resume");
      await rig.untilTold("gps", "source_back", from);
      await heardAgain();
      expect((await epochs(from, to)).withRow).toEqual([]);
      expect(await rig.told("gps", from)).toEqual([
        { kind: "source_lost", source: "gps", reason: "silent" },
        { kind: "source_back", source: "gps", reason: null },
      ]);
    },
  );

  test("a cable pulled out is noticed, by its hang-up or by its silence; plugged in again, the receiver is heard again", async () => {
    const from = rig.now();
    await rig.gpsCable.pull();
    const lost = await rig.untilTold("gps", "source_lost", from);
    // serialport 13 does not always report the hang-up of a terminal: silence then does.
    expect(["channel_lost", "silent"]).toContain(lost["reason"]);
    expect(lost.uptime_ms - from).toBeLessThan(lost["reason"] === "silent" ? 12_000 : 1000);
    await rig.agent.logged("source_open_failed", { fields: { source: "gps" } });
    const to = rig.now();
    await rig.gpsCable.plug();
    await rig.untilTold("gps", "source_back", from);
    await heardAgain();
    expect((await epochs(from, to)).withRow).toEqual([]);
    expect(await rig.told("gps", from)).toEqual([
      { kind: "source_lost", source: "gps", reason: lost["reason"] },
      { kind: "source_back", source: "gps", reason: null },
    ]);
  });

  test("all in all nothing is doubled, nothing lost, nothing invented", async () => {
    expect((await rig.agent.stop()).code).toBe(0);
    await rig.arrivals.until("agent_events", "the last checkpoint", (row) => row["kind"] === "stopped");
    const rows = await rig.rows("gps_data");
    expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_, index) => index + 1));
    const times = fixTimes(rows);
    expect(times).toEqual([...new Set(times)].toSorted((a, b) => Date.parse(a) - Date.parse(b)));
    const returns = await rig.returns("gps");
    const judged = rows.map((row) => ({
      seq: row.seq,
      isFirst: returns.some((at) => Math.abs(row.uptime_ms - at) < SAME_EPOCH_MS),
      ...rig.truth.judgeGps(row),
    }));
    expect(judged.filter(({ wrong }) => wrong.length > 0)).toEqual([]);
    // What the first sentence of an epoch told is lost where the agent came in the middle of it.
    expect(judged.filter(({ blank, isFirst }) => blank.length > 0 && !isFirst)).toEqual([]);
  });
});
