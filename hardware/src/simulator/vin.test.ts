import { seededRandom } from "@roadstream/shared";
import { expect, test } from "vitest";
import { makeVin, vinCheckDigit } from "./vin.ts";

test("the check digit is that of known numbers", () => {
  for (const vin of ["1M8GDM9AXKP042788", "11111111111111111", "5GZCZ43D13S812715"]) {
    expect(vinCheckDigit(vin)).toBe(vin[8]);
  }
});

test("a made number has 17 allowed characters, its maker, its year and its check digit", () => {
  const random = seededRandom(5);
  for (let year = 2010; year < 2026; year += 1) {
    const vin = makeVin(random, "4T1", year);
    expect(vin).toMatch(/^4T1[A-HJ-NPR-Z0-9]{14}$/);
    expect(vin[8]).toBe(vinCheckDigit(vin));
    expect(vin[9]).toBe("ABCDEFGHJKLMNPRS"[year - 2010]);
  }
});
