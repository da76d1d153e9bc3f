import { describe, expect, it } from "vitest";
import { decodeBody } from "./testing/decode-body.ts";

const gns = (mode: string): string =>
  `GNGNS,101112.50,4115.0000,N,09556.0000,W,${mode},14,0.7,310.2,-27.0,,,V`;

describe("GNS", () => {
  it("reads every field", () => {
    expect(decodeBody(gns("AAN"))).toEqual({
      type: "GNS",
      talker: "GN",
      timeOfDayMs: 36_672_500,
      latitude: 41.25,
      longitude: -(95 + 56 / 60),
      mode: "autonomous",
      satellitesUsed: 14,
      hdop: 0.7,
      altitudeM: 310.2,
    });
  });

  it.each([
    ["NNNN", "not_valid"],
    ["NAN", "autonomous"],
    ["AD", "differential"],
    ["RFD", "rtk_fixed"],
    ["NE", "estimated"],
    ["X", "not_valid"],
    ["", null],
  ])("takes the best of the systems' modes: %s", (text, mode) => {
    expect(decodeBody(gns(text))).toMatchObject({ mode });
  });

  it("reads a further system's sentence, which leaves position and mode blank", () => {
    expect(decodeBody("GLGNS,101112.50,,,,,,7,,,,5.2,0023")).toMatchObject({
      talker: "GL",
      latitude: null,
      mode: null,
      altitudeM: null,
    });
  });

  it("refuses a wrong number of fields and of systems", () => {
    expect(decodeBody("GNGNS,101112.50,,,,,,7")).toMatchObject({ type: "refused", reason: "field_count" });
    expect(decodeBody(gns("AAAAAAAAA"))).toMatchObject({ type: "refused", reason: "field_malformed" });
  });
});
