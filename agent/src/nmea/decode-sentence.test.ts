import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBody } from "./testing/decode-body.ts";

describe("SentenceDecoder", () => {
  it.each(["GP", "GN", "GL", "GA", "GB", "BD", "QZ", "GQ", "IM", "IN", "GI"])("takes talker %s", (talker) => {
    expect(decodeBody(`${talker}ZDA,101112.50,24,01,2026,,`)).toMatchObject({ type: "ZDA", talker });
  });

  it.each(["PUBX,00,1", "PAGGA,1", "GPTXT,01,01,02,hello", "GPGGAX,1", "gpGGA,1", "GGA,1", "", "A", "GPGGA"])(
    "says that it does not read %s",
    (body) => {
      expect(decodeBody(body)).toEqual({ type: "unsupported" });
    },
  );

  it.each([
    ["NaN as a speed", "GPRMC,101112,A,4115.0,N,09330.0,W,nan,87.1,240126,,,A", "field_malformed"],
    ["infinity", "GPGGA,101112,4115.0,N,09330.0,W,1,09,inf,310.2,M,-27.0,M,,", "field_malformed"],
    ["an exponent", "GPGGA,101112,4115.0,N,09330.0,W,1,09,0.9,1e400,M,-27.0,M,,", "field_malformed"],
    ["3.7 satellites", "GPGGA,101112,4115.0,N,09330.0,W,1,3.7,0.9,310.2,M,-27.0,M,,", "field_malformed"],
    ["a latitude of 91", "GPRMC,101112,A,9100.0,N,09330.0,W,10.0,87.1,240126,,,A", "field_out_of_range"],
    ["61 minutes", "GPRMC,101112,A,4161.0,N,09330.0,W,10.0,87.1,240126,,,A", "field_out_of_range"],
    ["hour 25", "GPRMC,251112,A,4115.0,N,09330.0,W,10.0,87.1,240126,,,A", "field_out_of_range"],
    ["31 February", "GPRMC,101112,A,4115.0,N,09330.0,W,10.0,87.1,310226,,,A", "field_out_of_range"],
    ["a missing field", "GPRMC,101112,A,4115.0,N", "field_count"],
  ])("refuses %s by name", (_, body, reason) => {
    expect(decodeBody(body)).toMatchObject({ type: "refused", reason });
  });

  it("never makes NaN, Infinity or an impossible position of any fields", () => {
    const field = fc.oneof(
      fc.constantFrom(
        "",
        "A",
        "V",
        "N",
        "W",
        "1",
        "0",
        "-",
        "+",
        ".",
        "1.",
        ".5",
        "-0",
        "101112.5",
        "4115.5",
        "240126",
      ),
      fc.string({ unit: fc.constantFrom(..."0123456789.-+ANWe ".split("")), maxLength: 20 }),
    );
    const type = fc.constantFrom("RMC", "GGA", "GNS", "GSA", "VTG", "GLL", "ZDA", "GSV");
    fc.assert(
      fc.property(type, fc.array(field, { maxLength: 21 }), (formatter, fields) => {
        const decoded = decodeBody([`GP${formatter}`, ...fields].join(","));
        for (const value of Object.values(decoded)) {
          if (typeof value === "number") expect(Number.isFinite(value)).toBe(true);
        }
        if ("latitude" in decoded && decoded.latitude !== null)
          expect(Math.abs(decoded.latitude)).toBeLessThanOrEqual(90);
        if ("longitude" in decoded && decoded.longitude !== null)
          expect(Math.abs(decoded.longitude)).toBeLessThanOrEqual(180);
      }),
      { numRuns: 500 },
    );
  });
});
