import { uptimeMillis } from "@roadstream/shared";
import { describe, expect, it } from "vitest";
import type { Decoded } from "./decode-sentence.ts";
import { EPOCH_SILENCE_MS, EpochGrouper } from "./epoch-grouper.ts";
import { gga, gll, gsa, gsv, rmc, vtg, zda } from "./testing/bodies.ts";
import { decodeBody } from "./testing/decode-body.ts";
import { epochsOf } from "./testing/epochs-of.ts";

const decoded = (body: string): Decoded => {
  const result = decodeBody(body);
  if (result.type === "refused" || result.type === "unsupported") throw new Error(body);
  return result;
};
const at = uptimeMillis;

describe("EpochGrouper", () => {
  it.each([
    ["u-blox: RMC first", (t: string) => [rmc(t), vtg("18.5"), gga(t), gsa("3"), gsv(), gll(t), zda(t)]],
    ["SiRF: GGA first", (t: string) => [gga(t), gsa("3"), gsv(), rmc(t), vtg("18.5")]],
    ["Quectel: RMC last", (t: string) => [gga(t), gsa("3"), vtg("18.5"), gsv(), gll(t), rmc(t)]],
  ])("makes one epoch a second of %s", (_, cycle) => {
    const epochs = epochsOf(...["101112.000", "101113.000", "101114.000"].flatMap(cycle));
    expect(epochs.map(({ timeOfDayMs }) => timeOfDayMs)).toEqual([36_672_000, 36_673_000, 36_674_000]);
    for (const { rmc: r, gga: g, gsa: s, vtg: v, timeOfDayMs } of epochs) {
      expect([r?.timeOfDayMs, g?.timeOfDayMs, s?.fix, v?.speedKmh]).toEqual([
        timeOfDayMs,
        timeOfDayMs,
        3,
        18.5,
      ]);
    }
  });

  it("keeps epochs apart at 10 Hz", () => {
    const times = Array.from({ length: 20 }, (_, i) => `1011${12 + Math.floor(i / 10)}.${i % 10}00`);
    expect(epochsOf(...times.flatMap((t) => [rmc(t), gga(t)])).map(({ timeOfDayMs }) => timeOfDayMs)).toEqual(
      times.map((_, i) => 36_672_000 + i * 100),
    );
  });

  it("keeps the leap second apart from the second after it", () => {
    const epochs = epochsOf(rmc("235959.00"), rmc("235960.00"), rmc("000000.00", { date: "250126" }));
    expect(epochs.map(({ timeOfDayMs }) => timeOfDayMs)).toEqual([86_399_000, 86_400_000, 0]);
  });

  it("begins a new epoch where a type comes again with another position at the same time", () => {
    const moved = "4115.0010,N,09330.0000,W";
    expect(
      epochsOf(
        rmc("101112"),
        gga("101112"),
        rmc("101112", { position: moved }),
        gga("101112", { position: moved }),
      ),
    ).toHaveLength(2);
    expect(epochsOf(rmc("101112"), rmc("101112"), gga("101112"))).toHaveLength(1);
  });

  it("begins a new epoch where the same statement comes again as void", () => {
    const epochs = epochsOf(rmc("101112"), rmc("101112", { status: "V" }));
    expect(epochs.map(({ rmc: r }) => r?.active)).toEqual([true, false]);
  });

  it("lets a void statement of another talker win", () => {
    const [epoch, ...more] = epochsOf(rmc("101112"), rmc("101112", { status: "V" }).replace("GP", "GN"));
    expect(more).toEqual([]);
    expect(epoch?.rmc?.active).toBe(false);
  });

  it("makes an epoch of each cycle of a receiver that does not know the time", () => {
    const cycle = ["GPGGA,,,,,,0,,,,M,,M,,", "GPGLL,,,,,,V,N", "GPRMC,,V,,,,,,,,,,N", "GPVTG,,T,,M,,N,,K,N"];
    const epochs = epochsOf(...cycle, ...cycle, ...cycle);
    expect(epochs).toHaveLength(3);
    for (const epoch of epochs)
      expect([epoch.timeOfDayMs, epoch.gga?.quality, epoch.gll?.active, epoch.rmc?.active]).toEqual([
        null,
        0,
        false,
        false,
      ]);
  });

  it("adds a sentence with a blank time to the epoch under way", () => {
    expect(epochsOf(gga("101112"), "GPGLL,,,,,,V,N", gga("101113"))).toHaveLength(2);
  });

  it("keeps the best GSA of several systems", () => {
    const [epoch] = epochsOf(rmc("101112"), gsa("3", "GP"), gsa("1", "GL"));
    expect(epoch?.gsa?.fix).toBe(3);
  });

  it("keeps the GNS that has the position", () => {
    const [epoch] = epochsOf(
      "GNGNS,101112.00,4115.0000,N,09330.0000,W,AA,14,0.7,310.2,-27.0,,",
      "GPGNS,101112.00,,,,,,7,,,,5.2,23",
    );
    expect(epoch?.gns?.latitude).toBe(41.25);
  });

  it("ends an epoch after silence, and not before", () => {
    const grouper = new EpochGrouper();
    expect(grouper.deadline).toBeNull();
    grouper.accept(decoded(rmc("101112")), at(5000));
    grouper.accept(decoded(gsv()), at(5100));
    expect(grouper.deadline).toBe(5100 + EPOCH_SILENCE_MS);
    expect(grouper.expire(at(5399))).toBeNull();
    expect(grouper.expire(at(5400))).toMatchObject({ uptime: 5000, timeOfDayMs: 36_672_000 });
    expect(grouper.deadline).toBeNull();
    expect(grouper.expire(at(9000))).toBeNull();
  });

  it("makes no second epoch of what comes late, and counts it", () => {
    const grouper = new EpochGrouper();
    grouper.accept(decoded(rmc("101112")), at(0));
    expect(grouper.expire(at(400))).not.toBeNull();
    expect(grouper.accept(decoded(gga("101112")), at(500))).toBeNull();
    expect(grouper.accept(decoded(gsv()), at(500))).toBeNull();
    expect(grouper.end()).toBeNull();
    expect(grouper.counts).toEqual({ epochs: 1, late: 1, unattached: 1 });
  });

  it("gives a row for each repetition of a clock that stands still", () => {
    const grouper = new EpochGrouper();
    for (const second of [0, 1000, 2000]) {
      expect(grouper.accept(decoded(rmc("000000.00", { status: "V" })), at(second))).toBeNull();
      expect(grouper.expire(at(second + 300))).not.toBeNull();
    }
    expect(grouper.counts).toEqual({ epochs: 3, late: 0, unattached: 0 });
  });
});
