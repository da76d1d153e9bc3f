import { describe, expect, it } from "vitest";
import { decodeBody } from "./testing/decode-body.ts";

const FULL = "GPGGA,101112.50,4115.0000,S,09556.0000,E,2,09,0.9,310.2,M,-27.0,M,4.0,0120";

describe("GGA", () => {
  it("reads every field", () => {
    expect(decodeBody(FULL)).toEqual({
      type: "GGA",
      talker: "GP",
      timeOfDayMs: 36_672_500,
      latitude: -41.25,
      longitude: 95 + 56 / 60,
      quality: 2,
      satellitesUsed: 9,
      hdop: 0.9,
      altitudeM: 310.2,
    });
  });

  it("reads blanks as null, never as 0", () => {
    expect(decodeBody("GNGGA,,,,,,0,,,,M,,M,,")).toEqual({
      type: "GGA",
      talker: "GN",
      timeOfDayMs: null,
      latitude: null,
      longitude: null,
      quality: 0,
      satellitesUsed: null,
      hdop: null,
      altitudeM: null,
    });
    expect(decodeBody(FULL.replace(",2,09,", ",,09,"))).toMatchObject({ quality: null });
  });

  it.each([["99.99"], ["99.9"], ["0.0"], ["100.0"]])(
    "knows that a dilution of %s was not computed",
    (hdop) => {
      expect(decodeBody(FULL.replace(",0.9,", `,${hdop},`))).toMatchObject({ hdop: null, quality: 2 });
    },
  );

  it("takes the pole as MTK 3301 writes it", () => {
    expect(decodeBody(FULL.replace("4115.0000", "8960.000000"))).toMatchObject({ latitude: -90 });
  });

  it("keeps all digits of a survey receiver", () => {
    expect(decodeBody(FULL.replace("4115.0000", "4115.12345678901234"))).toMatchObject({
      latitude: -(41 + 15.12345678901234 / 60),
    });
  });

  it.each([
    ["a field too few", FULL.slice(0, FULL.lastIndexOf(",")), "field_count"],
    ["quality 9", FULL.replace(",2,09,", ",9,09,"), "field_out_of_range"],
    ["altitude in feet", FULL.replace("310.2,M", "310.2,F"), "field_malformed"],
    ["an altitude of a satellite", FULL.replace("310.2", "310200.0"), "field_out_of_range"],
    ["satellites that are no number", FULL.replace(",09,", ",0x,"), "field_malformed"],
  ])("refuses %s", (_, body, reason) => {
    expect(decodeBody(body)).toEqual({ type: "refused", sentence: "GGA", reason });
  });
});
