import { expect, test } from "vitest";
import { stepsBySize, type DayToLoad } from "./load-step.ts";

const day = (number: number, sizes: readonly number[], isWhole = false): DayToLoad => ({
  day: `2026-03-${String(number).padStart(2, "0")}`,
  files: sizes.map((sizeBytes, at) => ({
    key: `${number}-${at}`,
    location: "",
    sizeBytes,
    rows: 1,
    day: "",
    schemaId: 0,
  })),
  isWhole,
  change: sizes.length,
});
const limits = { bytes: 10, files: 3, days: 3 };
const split = (days: readonly DayToLoad[]) =>
  stepsBySize(days, limits).map((step) => [...step.days.keys()].map((one) => one.slice(-2)));

test("days go together until one of the limits is reached; one that is too large goes alone", () => {
  expect(split([day(1, [4]), day(2, [6]), day(3, [1])])).toEqual([["01", "02"], ["03"]]);
  expect(split([day(1, [1, 1]), day(2, [1, 1])])).toEqual([["01"], ["02"]]);
  expect(split([1, 2, 3, 4].map((number) => day(number, [])))).toEqual([["01", "02", "03"], ["04"]]);
  expect(split([day(1, [99]), day(2, [99])])).toEqual([["01"], ["02"]]);
});

test("only days that are to be compared are whole; nothing to do is one step that does nothing", () => {
  const [step] = stepsBySize([day(1, [1]), day(2, [1], true)], limits);
  expect(step).toMatchObject({
    wholeDays: ["2026-03-02"],
    days: new Map([
      ["2026-03-01", 1],
      ["2026-03-02", 1],
    ]),
  });
  expect(stepsBySize([], limits)).toEqual([{ files: [], wholeDays: [], days: new Map() }]);
});
