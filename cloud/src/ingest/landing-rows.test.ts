import { expect, test } from "vitest";
import { tableDefinition } from "../lake/table-definition.ts";
import { LandingRows } from "./landing-rows.ts";
import { likelyDay } from "./likely-day.ts";

test("rows that follow each other in the log are one run; gaps, partitions and times begin another", () => {
  const rows = new LandingRows();
  const places = [
    [0, 7, 5],
    [0, 8, 5],
    [0, 10, 5],
    [1, 11, 5],
    [1, 12, 6],
    [1, 13, 6],
  ] as const;
  places.forEach(([partition, offset, at], i) => rows.add(`{"n":${i}}`, partition, offset, at));
  expect(rows.runs.map(({ firstOffset, count }) => [firstOffset, count])).toEqual([
    [7, 2],
    [10, 1],
    [11, 1],
    [12, 2],
  ]);
  places.forEach(([partition, offset], i) => expect(rows.position(i)).toBe(`${partition}:${offset}`));
  expect(rows.line(5)).toBe('{"log_partition":1,"log_offset":13,"log_appended_ms":6,"n":5}');
  const part = rows.slice(1, 4);
  expect(part.values).toEqual(['{"n":1}', '{"n":2}', '{"n":3}']);
  expect([0, 1, 2].map((i) => part.position(i))).toEqual(["0:8", "0:10", "1:11"]);
});

test("a batch's likely day: by capture, for an unsynced clock and for letters by arrival, none where rows differ", () => {
  const line = (captured: string | null, received: string, clock = "gnss"): string =>
    `{${captured === null ? "" : `"captured_at":"${captured}T00:00:00.000Z",`}"clock":"${clock}","received_at":"${received}T01:00:00.000Z"}`;
  const day = (table: "gps_data" | "dead_letters", ...lines: readonly string[]): string | null => {
    const rows = new LandingRows();
    lines.forEach((one, i) => rows.add(one, 0, i, 0));
    const found = likelyDay(tableDefinition(table), rows);
    return found === null ? null : new Date(found * 86_400_000).toISOString().slice(0, 10);
  };
  expect(day("gps_data", line("2026-03-04", "2026-03-05"))).toBe("2026-03-04");
  expect(day("gps_data", line("2026-03-04", "2026-03-05", "unsynced"))).toBe("2026-03-05");
  expect(day("gps_data", line(null, "2026-03-05"))).toBe("2026-03-05");
  expect(day("dead_letters", line("2026-03-04", "2026-03-05"))).toBe("2026-03-05");
  expect(day("gps_data", line("2026-03-04", "2026-03-05"), line("2026-03-05", "2026-03-05"))).toBeNull();
  expect(day("gps_data", line("2026-02-31", "2026-03-05"))).not.toBe("2026-02-31");
  expect(day("gps_data", "{}")).toBeNull();
});
