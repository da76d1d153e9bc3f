import { describe, expect, it } from "vitest";
import { decodeBody } from "./testing/decode-body.ts";

describe("GSV", () => {
  it("reads the satellites", () => {
    expect(decodeBody("GPGSV,2,1,07,02,05,307,,03,21,174,29,04,,,23,06,07,270,06")).toEqual({
      type: "GSV",
      talker: "GP",
      sentences: 2,
      sentence: 1,
      inView: 7,
      satellites: [
        { id: 2, elevationDeg: 5, azimuthDeg: 307, signalDbHz: null },
        { id: 3, elevationDeg: 21, azimuthDeg: 174, signalDbHz: 29 },
        { id: 4, elevationDeg: null, azimuthDeg: null, signalDbHz: 23 },
        { id: 6, elevationDeg: 7, azimuthDeg: 270, signalDbHz: 6 },
      ],
      signalId: null,
    });
  });

  it.each([
    ["no satellite", "GPGSV,1,1,00,1", [], 1],
    ["one", "GBGSV,2,2,05,27,78,059,44,B", [27], 11],
    ["four", "GAGSV,1,1,04,03,44,149,40,05,42,071,39,08,08,190,,09,06,034,,7", [3, 5, 8, 9], 7],
    ["a blank signal id", "GPGSV,1,1,01,03,44,149,40,", [3], null],
  ])("takes the signal id of NMEA 4.1 for no satellite: %s", (_, body, ids, signalId) => {
    const decoded = decodeBody(body);
    expect(decoded).toMatchObject({ type: "GSV", signalId });
    expect(decoded.type === "GSV" ? decoded.satellites.map(({ id }) => id) : null).toEqual(ids);
  });

  it("takes padding for no satellite", () => {
    expect(decodeBody("GPGSV,1,1,01,15,00,000,44,,,,,,,,,,,,")).toMatchObject({
      satellites: [{ id: 15 }],
      signalId: null,
    });
  });

  it("refuses half a satellite and a signal id that is none", () => {
    expect(decodeBody("GPGSV,1,1,01,15,00,000,44,16,03")).toMatchObject({
      type: "refused",
      reason: "field_count",
    });
    expect(decodeBody("GPGSV,1,1,01,15,00,000,44,Z")).toMatchObject({
      type: "refused",
      reason: "field_malformed",
    });
  });
});
