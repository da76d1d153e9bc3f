import { describe, expect, it } from "vitest";
import { decodeBody } from "./testing/decode-body.ts";

describe("GSA", () => {
  it("reads fix, satellites and dilutions", () => {
    expect(decodeBody("GPGSA,A,3,03,19,27,13,,,,,,,,,2.75,2.56,1.01")).toEqual({
      type: "GSA",
      talker: "GP",
      fix: 3,
      satellitesUsed: 4,
      pdop: 2.75,
      hdop: 2.56,
      vdop: 1.01,
    });
  });

  it("takes the system id of NMEA 4.1 for nothing else", () => {
    expect(decodeBody("GNGSA,A,1,,,,,,,,,,,,,99.99,99.99,99.99,3")).toEqual({
      type: "GSA",
      talker: "GN",
      fix: 1,
      satellitesUsed: 0,
      pdop: null,
      hdop: null,
      vdop: null,
    });
  });

  it("refuses a fix that is none, and a missing field", () => {
    expect(decodeBody("GPGSA,A,4,03,,,,,,,,,,,,2.75,2.56,1.01")).toMatchObject({
      type: "refused",
      reason: "field_out_of_range",
    });
    expect(decodeBody("GPGSA,A,3,03,,,,,,,,,,,2.75,2.56,1.01")).toMatchObject({
      type: "refused",
      reason: "field_count",
    });
  });
});
