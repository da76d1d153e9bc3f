import { hostname } from "node:os";
import { expect, test } from "vitest";
import { machineBoot } from "./machine-boot.ts";

const fails = (): never => {
  throw new Error("no such file");
};

test("the first system that names its boot is believed, and what is no name is not", () => {
  const session = "0B6D1F2A-5C3E-4D6F-8A9B-000000000001";
  expect(machineBoot([fails, () => `${session}\n`])).toBe(session);
  expect(machineBoot([() => "sysctl: unknown oid", () => session])).toBe(session);
});

test("where none does, host and minute stand in", () => {
  expect(machineBoot([fails, () => ""])).toMatch(new RegExp(`^${hostname().slice(0, 48)}-\\d+$`, "u"));
});
