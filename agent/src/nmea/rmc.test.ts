import { describe, expect, it } from "vitest";
import { decodeBody } from "./testing/decode-body.ts";

const FULL = "GNRMC,235958.75,A,4115.5000,N,09556.2500,W,12.5,87.1,240126,,,D,V";

describe("RMC", () => {
  it("reads every field, with the seconds' fraction and NMEA 4.1's navigational status", () => {
    expect(decodeBody(FULL)).toEqual({
      type: "RMC",
      talker: "GN",
      timeOfDayMs: 86_398_750,
      dateMs: Date.UTC(2026, 0, 24),
      active: true,
      latitude: 41 + 15.5 / 60,
      longitude: -(95 + 56.25 / 60),
      speedKnots: 12.5,
      courseDeg: 87.1,
      mode: "differential",
      navStatus: "V",
    });
  });

  it("reads blanks as null, never as 0", () => {
    expect(decodeBody("GPRMC,,V,,,,,,,,,,N")).toEqual({
      type: "RMC",
      talker: "GP",
      timeOfDayMs: null,
      dateMs: null,
      active: false,
      latitude: null,
      longitude: null,
      speedKnots: null,
      courseDeg: null,
      mode: "not_valid",
      navStatus: null,
    });
  });

  it("takes the forms before mode (2.3) and navigational status (4.1)", () => {
    expect(decodeBody("GPRMC,101112,A,4115.5,N,09556.25,W,0.0,,240126,3.1,W")).toMatchObject({
      mode: null,
      courseDeg: null,
      speedKnots: 0,
    });
    expect(decodeBody("GPRMC,101112,A,4115.5,N,09556.25,W,0.0,,240126,3.1,W,A")).toMatchObject({
      mode: "autonomous",
    });
  });

  it("is not active where the status is void or blank, whatever the mode says", () => {
    expect(decodeBody("GPRMC,101112.0,V,4115.5,S,09556.25,E,0.00,0.00,240126,,,A")).toMatchObject({
      active: false,
    });
    expect(decodeBody("GPRMC,101112.0,,4115.5,S,09556.25,E,0.00,0.00,240126,,,A")).toMatchObject({
      active: false,
    });
  });

  it("takes the leap second only where one can be", () => {
    expect(decodeBody(FULL.replace("235958.75", "235960.25"))).toMatchObject({ timeOfDayMs: 86_400_250 });
    expect(decodeBody(FULL.replace("235958.75", "101160.25"))).toMatchObject({
      type: "refused",
      reason: "field_out_of_range",
    });
  });

  it("puts years 80 to 99 into the last century", () => {
    expect(decodeBody(FULL.replace("240126", "060180"))).toMatchObject({ dateMs: Date.UTC(1980, 0, 6) });
  });

  it.each([
    ["too few fields", "GPRMC,101112.0,A,4115.5,N,09556.25,W", "field_count"],
    ["too many fields", `${FULL},,`, "field_count"],
    ["hour 24", FULL.replace("235958.75", "240000.00"), "field_out_of_range"],
    ["a short time", FULL.replace("235958.75", "2359"), "field_malformed"],
    ["letters in the time", FULL.replace("235958.75", "23x958.75"), "field_malformed"],
    ["latitude 91", FULL.replace("4115.5000", "9115.5000"), "field_out_of_range"],
    ["61 minutes", FULL.replace("4115.5000", "4161.0000"), "field_out_of_range"],
    ["a hemisphere that is none", FULL.replace(",N,", ",X,"), "field_malformed"],
    ["a position without hemisphere", FULL.replace(",N,", ",,"), "field_malformed"],
    ["30 February", FULL.replace("240126", "300226"), "field_out_of_range"],
    ["29 February of no leap year", FULL.replace("240126", "290226"), "field_out_of_range"],
    ["a course of 361", FULL.replace("87.1", "361.0"), "field_out_of_range"],
    ["a negative speed", FULL.replace("12.5", "-12.5"), "field_out_of_range"],
    ["two dots in a number", FULL.replace("12.5", "1.2.5"), "field_malformed"],
    ["an exponent", FULL.replace("12.5", "1e2"), "field_malformed"],
    ["a status that is none", FULL.replace(",A,", ",B,"), "field_malformed"],
  ])("refuses %s", (_, body, reason) => {
    expect(decodeBody(body)).toEqual({ type: "refused", sentence: "RMC", reason });
  });
});
