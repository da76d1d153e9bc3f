import { describe, expect, it } from "vitest";
import { decodeBody } from "./testing/decode-body.ts";

describe("ZDA", () => {
  it("reads time and date, whatever the zone fields hold", () => {
    for (const zone of [",", "+00,00", "-05,30"]) {
      expect(decodeBody(`GPZDA,101112.50,24,01,2026,${zone}`)).toEqual({
        type: "ZDA",
        talker: "GP",
        timeOfDayMs: 36_672_500,
        dateMs: Date.UTC(2026, 0, 24),
      });
    }
  });

  it("has no date where a part of it is blank", () => {
    expect(decodeBody("GPZDA,101112.50,24,,2026,,")).toMatchObject({ dateMs: null });
    expect(decodeBody("GPZDA,,,,,,")).toMatchObject({ dateMs: null, timeOfDayMs: null });
  });

  it("refuses a date that does not exist", () => {
    expect(decodeBody("GPZDA,101112.50,31,04,2026,,")).toMatchObject({
      type: "refused",
      reason: "field_out_of_range",
    });
    expect(decodeBody("GPZDA,101112.50,24,13,2026,,")).toMatchObject({
      type: "refused",
      reason: "field_out_of_range",
    });
  });
});
