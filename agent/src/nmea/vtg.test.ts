import { describe, expect, it } from "vitest";
import { decodeBody } from "./testing/decode-body.ts";

describe("VTG", () => {
  it("reads course and both speeds", () => {
    expect(decodeBody("GPVTG,87.1,T,84.0,M,12.5,N,23.15,K,A")).toEqual({
      type: "VTG",
      talker: "GP",
      courseDeg: 87.1,
      speedKnots: 12.5,
      speedKmh: 23.15,
      mode: "autonomous",
    });
  });

  it("reads blanks as null, with or without their unit letters", () => {
    const blank = { courseDeg: null, speedKnots: null, speedKmh: null, mode: "not_valid" };
    expect(decodeBody("GNVTG,,,,,,,,,N")).toMatchObject(blank);
    expect(decodeBody("GNVTG,,T,,M,,N,,K,N")).toMatchObject(blank);
    expect(decodeBody("GPVTG,0.00,T,,,0.00,N,0.00,K")).toMatchObject({
      courseDeg: 0,
      speedKmh: 0,
      mode: null,
    });
  });

  it("refuses units in the wrong place", () => {
    expect(decodeBody("GPVTG,87.1,T,84.0,M,12.5,K,23.15,N,A")).toEqual({
      type: "refused",
      sentence: "VTG",
      reason: "field_malformed",
    });
  });
});
