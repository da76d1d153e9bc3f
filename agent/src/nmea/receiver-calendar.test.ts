import { hours, isoTime, uptimeMillis } from "@roadstream/shared";
import { describe, expect, it } from "vitest";
import { ReceiverCalendar } from "./receiver-calendar.ts";
import { gga, rmc, zda } from "./testing/bodies.ts";
import { epochsOf } from "./testing/epochs-of.ts";

const timesOf = (...bodies: readonly string[]): readonly (string | null)[] => {
  const calendar = new ReceiverCalendar();
  return epochsOf(...bodies).map((epoch) => {
    const at = calendar.timeOf(epoch);
    return at === null ? null : isoTime(at);
  });
};

describe("ReceiverCalendar", () => {
  it("takes the date of RMC or ZDA, wherever in the epoch it stands", () => {
    expect(timesOf(gga("101112.50"), rmc("101112.50"))).toEqual(["2026-01-24T10:11:12.500Z"]);
    expect(timesOf(gga("101112.50"), zda("101112.50"))).toEqual(["2026-01-24T10:11:12.500Z"]);
  });

  it("knows no date before the receiver says one", () => {
    expect(timesOf(gga("101111.00"), rmc("101112.00"), gga("101113.00"))).toEqual([
      null,
      "2026-01-24T10:11:12.000Z",
      "2026-01-24T10:11:13.000Z",
    ]);
  });

  it("goes to the next day at midnight, with and without a date in the epoch, and back for a late sentence", () => {
    expect(
      timesOf(
        rmc("235959.00"),
        gga("000000.00"),
        gga("000001.00"),
        gga("235959.90"),
        rmc("000002.00", { date: "250126" }),
      ),
    ).toEqual([
      "2026-01-24T23:59:59.000Z",
      "2026-01-25T00:00:00.000Z",
      "2026-01-25T00:00:01.000Z",
      "2026-01-24T23:59:59.900Z",
      "2026-01-25T00:00:02.000Z",
    ]);
  });

  it("gives the leap second the time of the second after it, as Unix time does", () => {
    expect(timesOf(rmc("235960.00"))).toEqual(["2026-01-25T00:00:00.000Z"]);
  });

  it("takes no date of a wrong era, nor the one before a receiver's restart", () => {
    const calendar = new ReceiverCalendar();
    const epochs = epochsOf(
      rmc("101112.00"),
      rmc("000012.00", { date: "060180" }),
      gga("000013.00"),
      rmc("000014.00", { date: "220899" }),
    );
    expect(epochs.map((epoch) => calendar.timeOf(epoch) === null)).toEqual([false, true, true, true]);
    expect(calendar.wrongEra).toBe(2);
  });

  it("asks ZDA where RMC's date is of a wrong era", () => {
    expect(timesOf(rmc("101112.00", { date: "060180" }), zda("101112.00"))).toEqual([
      "2026-01-24T10:11:12.000Z",
    ]);
  });

  it("reports a capture's past year as the receiver said it", () => {
    expect(timesOf(rmc("101112.00", { date: "231207" }))).toEqual(["2007-12-23T10:11:12.000Z"]);
  });

  it("does not guess the day hours after the last date", () => {
    const calendar = new ReceiverCalendar();
    const [dated, later] = epochsOf(rmc("101112.00"), gga("181113.00"));
    expect(calendar.timeOf(dated!)).not.toBeNull();
    expect(calendar.timeOf({ ...later!, uptime: uptimeMillis(hours(8)) })).toBeNull();
  });
});
