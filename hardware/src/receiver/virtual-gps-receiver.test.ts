import { seededRandom, unixMillis } from "@roadstream/shared";
import { describe, expect, test } from "vitest";
import { OMAHA_TO_DES_MOINES } from "../route/omaha-des-moines.ts";
import { Route } from "../route/route.ts";
import { Trip } from "../simulator/trip.ts";
import { BYTE_FAULTS } from "./receiver-faults.ts";
import { checksumOf, positionFields } from "./sentence.ts";
import { VirtualGpsReceiver } from "./virtual-gps-receiver.ts";

const trip = new Trip({ seed: 7, route: new Route(OMAHA_TO_DES_MOINES) });
const firstFixS = Math.ceil(trip.gnss.outages[0]!.untilS);

const receiver = (options: { order?: "ublox" | "sirf"; rateHz?: number } = {}): VirtualGpsReceiver => {
  const made = new VirtualGpsReceiver({
    read: (tripS) => trip.gnssAt(tripS),
    startAt: () => unixMillis(Date.UTC(2026, 4, 1, 23, 59, 0)),
    random: seededRandom(1),
    ...options,
  });
  made.faults.midSentence = false;
  return made;
};
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
const lines = (bytes: Uint8Array): string[] => textOf(bytes).split("\r\n").slice(0, -1);
const kinds = (bytes: Uint8Array): string[] => [...new Set(lines(bytes).map((line) => line.slice(3, 6)))];

test("every sentence has the right checksum and at most the standard's 82 characters", () => {
  const gps = receiver({ rateHz: 5 });
  for (let index = 0; index < 600; index += 1) {
    for (const line of lines(gps.epoch(index))) {
      const [, body, sum] = /^\$([^*]+)\*([0-9A-F]{2})$/.exec(line) ?? [];
      expect(sum).toBe(checksumOf(body ?? ""));
      expect(line.length + 2).toBeLessThanOrEqual(82);
    }
  }
});

test("a known sentence has its known checksum", () => {
  expect(checksumOf("GPGGA,092750.000,5321.6802,N,00630.3372,W,1,8,1.03,61.7,M,55.2,M,,")).toBe("76");
});

test("without a fix the sentences are void and blank", () => {
  const text = textOf(receiver().epoch(firstFixS - 1));
  expect(text).toMatch(/^\$GPRMC,\d{6}\.00,V,,,,,,,010526,,,N\*/m);
  expect(text).toMatch(/^\$GPGGA,\d{6}\.00,,,,,0,00,99\.99,,,,,,\*/m);
  expect(text).toMatch(/^\$GPGSA,A,1,,,,,,,,,,,,,/m);
  expect(text).toMatch(/^\$GPGLL,,,,,\d{6}\.00,V,N\*/m);
  expect(text).toMatch(/^\$GPVTG,,,,,,,,,N\*/m);
});

test("before it knows the time, it says none", () => {
  expect(textOf(receiver().epoch(0))).toMatch(/^\$GPRMC,,V,,,,,,,,,,N\*/m);
});

test("with a fix the sentences carry it, and the date turns at midnight", () => {
  const solution = trip.gnssAt(600).solution!;
  const text = textOf(receiver().epoch(600));
  const rmc =
    /^\$GPRMC,000900\.00,A,(\d{2})(\d{2}\.\d{5}),N,(\d{3})(\d{2}\.\d{5}),W,([\d.]+),([\d.]+),020526,,,A/m.exec(
      text,
    )!;
  expect(Number(rmc[1]) + Number(rmc[2]) / 60).toBeCloseTo(solution.latitude, 6);
  expect(-(Number(rmc[3]) + Number(rmc[4]) / 60)).toBeCloseTo(solution.longitude, 6);
  expect((Number(rmc[5]) * 1852) / 3600).toBeCloseTo(solution.speedMs, 2);
  expect(text).toMatch(/^\$GPGSA,A,3,/m);
});

test("minutes are rounded as a whole, never to 60", () => {
  expect(positionFields({ latitude: 41.999_999_99, longitude: -95.999_999_99 })).toEqual([
    "4200.00000",
    "N",
    "09600.00000",
    "W",
  ]);
});

test("u-blox begins with RMC, SiRF with GGA and says its satellites seldom", () => {
  expect(kinds(receiver().epoch(101))).toEqual(["RMC", "VTG", "GGA", "GSA", "GSV", "GLL"]);
  expect(kinds(receiver().epoch(110)).at(-1)).toBe("ZDA");
  expect(kinds(receiver({ order: "sirf" }).epoch(101))).toEqual(["GGA", "GSA", "RMC", "VTG"]);
  expect(kinds(receiver({ order: "sirf" }).epoch(105))).toContain("GSV");
});

test("at 10 Hz, epochs are 100 ms apart and say so", () => {
  const times = [500, 501, 502].map(
    (index) => /RMC,(\d{6}\.\d\d),/.exec(textOf(receiver({ rateHz: 10 }).epoch(index)))?.[1],
  );
  expect(times).toEqual(["235950.00", "235950.10", "235950.20"]);
  expect(() => receiver({ rateHz: 11 })).toThrow(RangeError);
});

describe("faults", () => {
  const valid = (bytes: Uint8Array): number =>
    [...textOf(bytes).matchAll(/\$([^$*\r\n]+)\*([0-9A-F]{2})\r\n/g)].filter(
      ([, body, sum]) => checksumOf(body!) === sum,
    ).length;

  test.each(BYTE_FAULTS)("%s changes the bytes, and only until it is over", (fault) => {
    const gps = receiver();
    const clean = gps.epoch(100);
    gps.faults.bytes = fault;
    const spoilt = gps.epoch(100);
    expect(spoilt).not.toEqual(clean);
    if (fault === "checksum") expect(valid(spoilt)).toBe(0);
    gps.faults.bytes = null;
    expect(gps.epoch(100)).toEqual(clean);
  });

  test("silence is no bytes; a port opened late starts inside a sentence", () => {
    const gps = receiver();
    gps.faults.silent = true;
    expect(gps.epoch(100)).toHaveLength(0);
    gps.faults.silent = false;
    gps.faults.midSentence = true;
    expect(textOf(gps.epoch(100)).startsWith("$")).toBe(false);
    expect(textOf(gps.epoch(100)).startsWith("$GPRMC")).toBe(true);
  });
});
