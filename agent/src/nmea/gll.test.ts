import { describe, expect, it } from "vitest";
import { decodeBody } from "./testing/decode-body.ts";

describe("GLL", () => {
  it("reads every field", () => {
    expect(decodeBody("GNGLL,4115.0000,N,09530.0000,W,101112.00,A,D")).toEqual({
      type: "GLL",
      talker: "GN",
      timeOfDayMs: 36_672_000,
      active: true,
      latitude: 41.25,
      longitude: -95.5,
      mode: "differential",
    });
  });

  it("reads a void one, and the form before the mode field", () => {
    expect(decodeBody("GPGLL,,,,,,V,N")).toMatchObject({
      active: false,
      latitude: null,
      timeOfDayMs: null,
      mode: "not_valid",
    });
    expect(decodeBody("GPGLL,4115.0000,N,09530.0000,W,101112,A")).toMatchObject({ active: true, mode: null });
  });

  it("refuses longitude 181", () => {
    expect(decodeBody("GPGLL,4115.0000,N,18100.0000,W,101112,A")).toMatchObject({
      type: "refused",
      reason: "field_out_of_range",
    });
  });
});
