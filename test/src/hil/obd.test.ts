import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { services } from "../services/services.ts";
import { CarRig } from "./car-rig.ts";

/** The adapter's reset and its search for the protocol, after the longest pause between two tries. */
const BACK_DEADLINE_MS = 25_000;
/** So long answers come late, or not at all; less and more than the agent waits for one (3 s). */
const LATE_MS = 1200;
const TOO_LATE_MS = 4000;

describe.skipIf(services("socat").skip)("an ELM327 on a real serial line", () => {
  let rig: CarRig;
  beforeAll(async () => {
    rig = await CarRig.start();
  });
  afterAll(() => rig[Symbol.asyncDispose]());

  const reading = (delayMs = 0) => rig.rowAfter("vehicle_data", delayMs, { deadlineMs: BACK_DEADLINE_MS });
  const rowsSince = async (from: number, to = Infinity) =>
    (await rig.rows("vehicle_data")).filter(({ uptime_ms }) => uptime_ms >= from && uptime_ms <= to);
  const lossAndReturn = (reason: string) => [
    { kind: "source_lost", source: "obd", reason },
    { kind: "source_back", source: "obd", reason: null },
  ];

  test("the car is found, and is the bench's", async () => {
    const row = await rig.arrivals.until("vehicle_data", "a VIN", (each) => each["vin"] !== null);
    expect(row["vin"]).toBe(rig.truth.vin);
    expect(row).toMatchObject({ dtc_codes: "", mil_on: false, fuel_type: "gasoline" });
  });

  test("answers that come late are read, and as late as they are", async () => {
    await rig.tell(`obd late ${LATE_MS}`);
    const from = rig.now();
    await reading(LATE_MS * 2);
    await rig.tell("obd resume");
    await reading(1000);
    expect(await rig.told("obd", from)).toEqual([]);
  });

  test.each(["", "obd stubborn"])("answers that come too late answer nothing else %s", async (command) => {
    if (command !== "") await rig.tell(command);
    await rig.tell(`obd late ${TOO_LATE_MS}`);
    const from = rig.now();
    await sleep(TOO_LATE_MS * 2);
    await rig.tell("obd resume");
    await reading(500);
    const [lost, ...more] = await rig.told("obd", from);
    if (lost !== undefined) expect([lost, ...more]).toEqual(lossAndReturn("adapter_unresponsive"));
  });

  test("each trouble that an adapter can have with one answer costs at most that answer", async () => {
    const from = rig.now();
    for (const trouble of [
      "no_data",
      "buffer_full",
      "can_error",
      "rx_error",
      "stopped",
      "lost_frame",
      "err94",
    ]) {
      await rig.tell(`obd trouble ${trouble}`);
      await reading();
    }
    await reading(1000);
    expect(await rig.told("obd", from)).toEqual([]);
  });

  test("NULs between its characters harm no answer", async () => {
    await rig.tell("obd nuls 0.2");
    const from = rig.now();
    await reading(3000);
    await rig.tell("obd resume");
    expect((await rowsSince(from)).length).toBeGreaterThanOrEqual(3);
    expect(await rig.told("obd", from)).toEqual([]);
  });

  test("nothing is read out of noise", async () => {
    await rig.tell("obd garbage 0.4");
    const from = rig.now();
    await rig.untilTold("obd", "source_lost", from);
    const to = rig.now();
    await rig.tell("obd resume");
    await reading(500);
    // The cycle under way when the noise began had its first answers.
    expect((await rowsSince(from, to)).length).toBeLessThanOrEqual(1);
  });

  test("an adapter that its supply has reset is set up again", async () => {
    const from = rig.now();
    const resets = () => rig.counted("roadstream_agent_obd_sessions_total", 'end="reset"');
    const before = await resets();
    await rig.tell("obd brownout");
    await expect.poll(resets, { timeout: BACK_DEADLINE_MS }).toBe(before + 1);
    await reading(500);
    expect(await rig.told("obd", from)).toEqual([]);
  });

  test.each(["silence", "unplug"])(
    "%s: the agent says that it does not answer, and when it does again",
    async (fault) => {
      await rig.tell(`obd ${fault}`);
      const from = rig.now();
      await rig.untilTold("obd", "source_lost", from);
      const to = rig.now();
      await rig.tell("obd resume");
      await rig.untilTold("obd", "source_back", from, BACK_DEADLINE_MS);
      expect((await rowsSince(from + 100, to)).length).toBeLessThanOrEqual(1);
      expect(await rig.told("obd", from)).toEqual(lossAndReturn("adapter_unresponsive"));
    },
  );

  test("a cable pulled out is noticed at once; plugged in again, the car is found again", async () => {
    const from = rig.now();
    await rig.obdCable.pull();
    const lost = await rig.untilTold("obd", "source_lost", from);
    expect(lost.uptime_ms - from).toBeLessThan(1000);
    await rig.agent.logged("source_open_failed", { fields: { source: "obd" } });
    await rig.obdCable.plug();
    await rig.untilTold("obd", "source_back", from, BACK_DEADLINE_MS);
    expect(await rig.told("obd", from)).toEqual(lossAndReturn("channel_lost"));
  });

  test("all in all nothing is doubled, nothing lost, nothing invented", async () => {
    const last = await reading(500);
    expect(last["vin"]).toBe(rig.truth.vin);
    expect((await rig.agent.stop()).code).toBe(0);
    await rig.arrivals.until("agent_events", "the end", (row) => row["kind"] === "stopped");
    const rows = await rig.rows("vehicle_data");
    expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_, index) => index + 1));
    expect(new Set(rows.map(({ uptime_ms }) => uptime_ms)).size).toBe(rows.length);
    const judged = rows.map((row, index) => ({
      seq: row.seq,
      wrong: rig.truth.faultsOfObd(row, rows[index - 1]?.uptime_ms ?? 0),
    }));
    expect(judged.filter(({ wrong }) => wrong.length > 0)).toEqual([]);
  });
});
