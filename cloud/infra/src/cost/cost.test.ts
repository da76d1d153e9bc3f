import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ASSUMPTIONS } from "./assumptions.ts";
import { bill } from "./bill.ts";
import { capacity } from "./capacity.ts";
import { costPage } from "./cost-page.ts";
import { PRICES } from "./prices.ts";
import { volumes } from "./volumes.ts";

test("docs/cost.md is current (write it again with: npx -y pnpm@12 cost)", () => {
  expect(readFileSync(new URL("../../../../docs/cost.md", import.meta.url), "utf8")).toBe(costPage());
});

const lineOf = (cars: number, part: string): number =>
  bill(cars).lines.find((line) => line.part === part)?.usd ?? Number.NaN;

/** By hand: 1,000 cars drive 45,000 hours a month. */
test("a fleet of a thousand cars, worked out by hand", () => {
  const v = volumes(1000);
  expect(v.drivingHours).toBe(45_000);
  expect(v.rows).toBe(45_000 * (3600 + 3480 + 60 + 140 + 120));
  expect(v.pictures).toBe(45_000 * 120);
  expect(v.carsAtPeak).toBe(188);
  expect(v.upBytes).toBeCloseTo(45_000 * 3.5e6 + 5.4e6 * 45_000 * 1.02);
  expect(v.commits).toBe((730 * 3600 * 6) / 30);
  expect(lineOf(1000, "S3 requests: pictures")).toBeCloseTo(5400 * 0.005);
  expect(lineOf(1000, "S3 requests: commits")).toBeCloseTo(525.6 * 10 * 0.005);
  expect(lineOf(1000, "MSK brokers")).toBeCloseTo(3 * 730 * 0.0456);
  expect(lineOf(1000, "Redshift: loads")).toBeCloseTo(24 * 4 * 0.375);
});

test("the total is the lines' sum, and no line falls when a fleet grows", () => {
  const fleets = [1, 10, 100, 1000, 10_000, 100_000].map((cars) => bill(cars));
  for (const { lines, total } of fleets) {
    expect(lines.reduce((sum, { usd }) => sum + usd, 0)).toBe(total);
    expect(lines.every(({ usd }) => Number.isFinite(usd) && usd >= 0)).toBe(true);
  }
  for (const [index, { lines }] of fleets.entries())
    for (const [at, { usd, part }] of lines.entries())
      expect(usd, part).toBeGreaterThanOrEqual(fleets[index - 1]?.lines[at]?.usd ?? 0);
});

test("what runs is enough for the busiest hour, and a fleet that is too large is said to be", () => {
  expect(capacity(volumes(10))).toMatchObject({
    brokers: { name: "kafka.t3.small" },
    gateways: 2,
    workers: 1,
  });
  expect(capacity(volumes(100_000))).toMatchObject({ gateways: 10, workers: 2 });
  expect(() => capacity(volumes(10_000_000))).toThrow("no three brokers");
});

test("every assumption is one that the bill of some fleet hangs on", () => {
  const names = Object.keys(ASSUMPTIONS) as readonly (keyof typeof ASSUMPTIONS)[];
  const raised = (name: keyof typeof ASSUMPTIONS) => ({
    ...ASSUMPTIONS,
    [name]: { value: ASSUMPTIONS[name].value * 1.3 },
  });
  const matters = (name: keyof typeof ASSUMPTIONS): boolean =>
    [1000, 60_000].some((cars) => JSON.stringify(bill(cars, raised(name))) !== JSON.stringify(bill(cars)));
  // A car's speed says what a kilometre takes, and costs nothing.
  expect(names.filter((name) => !matters(name))).toEqual(["speedKmh"]);
});

test("prices are prices", () => {
  for (const { usd } of Object.values(PRICES)) expect(usd).toBeGreaterThan(0);
});
