import { expect, test } from "vitest";
import { guessedMachineBoot, isSameMachineBoot } from "./machine-boot.ts";

const BOOTED = 1_790_000_010_000;

test.each([-29_000, -1, 0, 1, 29_000, 150_000])("a guess that is %i ms off is of the same boot", (off) => {
  const [one, other] = [guessedMachineBoot("pi-1", BOOTED), guessedMachineBoot("pi-1", BOOTED + off)];
  expect(isSameMachineBoot(one, other)).toBe(true);
  expect(isSameMachineBoot(other, one)).toBe(true);
});

test("another host, a later boot and other names are other boots", () => {
  const one = guessedMachineBoot("pi-1", BOOTED);
  expect(isSameMachineBoot(one, guessedMachineBoot("pi-2", BOOTED))).toBe(false);
  expect(isSameMachineBoot(one, guessedMachineBoot("pi-1", BOOTED + 600_000))).toBe(false);
  // Linux and macOS name each boot: such names are equal or not.
  const uuid = "0b6d1f2a-5c3e-4d6f-8a9b-000000000001";
  expect(isSameMachineBoot(uuid, uuid)).toBe(true);
  expect(isSameMachineBoot(uuid, "0b6d1f2a-5c3e-4d6f-8a9b-000000000002")).toBe(false);
});

test("a guess fits its column, whatever the host is called", () => {
  expect(guessedMachineBoot("h".repeat(253), BOOTED).length).toBeLessThanOrEqual(64);
});
