import { expect, test } from "vitest";
import { askedFactViews } from "./asked-views.ts";
import { FACT_VIEW_NAMES } from "./fact-views.ts";

const asked = (sql: string): readonly string[] => askedFactViews(sql).map(({ name }) => name);

test("a question has the views that it names and those behind them, in the order in which they can be made", () => {
  expect(asked("SELECT count(*) FROM gps_data")).toEqual([]);
  expect(asked("from Slow_Segments")).toEqual(["fact_segment", "segment_speeds", "slow_segments"]);
  expect(asked("SELECT * FROM departure_hours")).toEqual(["fact_trip", "trips", "departure_hours"]);
});

test("who asks what there is sees all", () => {
  expect(asked("SHOW TABLES")).toEqual(FACT_VIEW_NAMES);
});
