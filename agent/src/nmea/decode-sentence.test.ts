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
