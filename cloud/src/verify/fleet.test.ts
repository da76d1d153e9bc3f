import { logTopics, SeqRanges, type CheckpointBoot, type TableName } from "@roadstream/shared";
import { nodeSha256 } from "@roadstream/shared/adapters";
import { partitionOf } from "@roadstream/shared/event-log";
import { describe, expect, test } from "vitest";
import type { CurrentHeads } from "../lake/current-heads.ts";
import { TABLE_NAMES } from "../lake/table-definition.ts";
import { graveOf } from "../ledger/tombstones.ts";
import { compareRows } from "./compare-rows.ts";
import { judgedThrough, type AwaitedSeries } from "./earlier-checkpoints.ts";
import { FleetStatements } from "./fleet-statements.ts";
import { addSpokenOf, judgeTable } from "./judge-table.ts";
import { completeThrough, judgeVehicles } from "./judge-vehicles.ts";
import type { CheckpointRow } from "./ports.ts";
import { TableSeriesBook } from "./table-series.ts";
import { hasPassedEnds } from "./topic-ends.ts";

const BOOT = "0190d5e4-7b1a-7abc-8def-0123456789ab";
const OTHER = "0190d5e4-7b1a-7abc-8def-0123456789ac";
const T0 = Date.parse("2026-03-01T10:00:00.000Z");

const boot = (bootId: string, given: number, acknowledged: number, closed = false): CheckpointBoot => ({
  boot_id: bootId,
  closed,
  streams: {
    gps_data: {
      given,
      acknowledged: acknowledged === 0 ? [] : [[1, acknowledged]],
      held: acknowledged === given ? [] : [[acknowledged + 1, given]],
      dropped: [],
    },
  },
});
const row = (
  vehicleId: string,
  minute: number,
  outbox: string,
  ...boots: CheckpointBoot[]
): CheckpointRow => ({
  vehicleId,
  detail: JSON.stringify({ outbox_id: outbox, boots }),
  eventAt: T0 + minute * 60_000,
  appendedAt: T0 + minute * 60_000 + 500,
});
const bookOf = (vehicleId: string, bootId: string, landed: number): TableSeriesBook => {
  const book = new TableSeriesBook("gps_data", { vehicle: null, looksInLog: false });
  const series = book.of(vehicleId, bootId);
  if (landed > 0) series?.landed.add(1, landed);
  if (landed > 0) series?.rows.add(1, landed);
  return book;
};
const judge = (book: TableSeriesBook, fleet: FleetStatements, hasPassed = true) => {
  addSpokenOf(book, fleet);
  return judgeTable({ book, fleet, isRemovalKnown: true, forgotten: 0, hasPassed: () => hasPassed });
};

describe("a vehicle's outboxes", () => {
  test("what a replaced one held is unknown; what the newest holds is in the car", () => {
    const fleet = new FleetStatements();
    fleet.addRow(row("car-1", 5, "new", boot(OTHER, 4, 3)));
    fleet.addRow(row("car-1", 1, "old", boot(BOOT, 10, 8)));
    const book = bookOf("car-1", BOOT, 8);
    book.of("car-1", OTHER)?.rows.add(1, 3);
    book.of("car-1", OTHER)?.landed.add(1, 3);
    const { series } = judge(book, fleet);
    expect(series).toMatchObject([
      { boot_id: BOOT, given: 10, landed: 8, unknown: 2, in_car: 0, lost: 0, closed: false },
      { boot_id: OTHER, given: 4, landed: 3, unknown: 0, in_car: 1, lost: 0 },
    ]);
    expect(judgeVehicles(series, fleet, new Map())).toEqual([
      { vehicle_id: "car-1", complete_through: "2026-03-01T10:05:00.000Z", replaced_outboxes: 1 },
    ]);
  });

  test("a series of which only a checkpoint speaks is judged too", () => {
    const fleet = new FleetStatements();
    fleet.addRow(row("car-1", 1, "o", boot(BOOT, 2, 2, true)));
    const empty = new TableSeriesBook("gps_data", { vehicle: null, looksInLog: false });
    expect(judge(empty, fleet).series).toMatchObject([
      { given: 2, lost: 2, missing: [[1, 2]], closed: true },
    ]);
  });

  test("the time of the newest is that of the one which came last, wherever the car's clock went", () => {
    const fleet = new FleetStatements();
    fleet.addRow(row("car-1", 9, "o", boot(BOOT, 1, 1)));
    fleet.addRow({ ...row("car-1", 2, "o", boot(OTHER, 1, 1)), appendedAt: T0 + 10 * 60_000 });
    fleet.addRow(row("car-1", 5, "o", boot(BOOT, 1, 1)));
    expect(fleet.newest("car-1")?.checkpointAt).toBe(T0 + 2 * 60_000);
  });

  test("a text that is no checkpoint says nothing", () => {
    const fleet = new FleetStatements();
    fleet.addRow({
      vehicleId: "car-1",
      detail: '{"outbox_id":"o","boots":[{}]}',
      eventAt: T0,
      appendedAt: T0,
    });
    expect([...fleet.vehicles()]).toEqual([]);
  });
});

describe("complete through", () => {
  const awaited: AwaitedSeries[] = [
    { vehicleId: "car-1", bootId: BOOT, stream: "gps_data", numbers: SeqRanges.of([[7, 8]]) },
  ];
  const minutes = [1, 2, 3].map((minute) => row("car-1", minute, "o", boot(BOOT, minute * 3, minute * 3)));

  test("an earlier checkpoint counts while the newest waits", () => {
    const fleet = new FleetStatements();
    for (const one of minutes) fleet.addRow(one);
    const judged = judge(bookOf("car-1", BOOT, 6), fleet, false);
    expect(judged.awaited).toEqual([{ ...awaited[0], numbers: SeqRanges.of([[7, 9]]) }]);
    const through = judgedThrough(minutes, judged.awaited);
    expect(through).toBe(T0 + 2 * 60_000);
    expect(judgeVehicles(judged.series, fleet, new Map([["car-1", through]]))).toMatchObject([
      { complete_through: "2026-03-01T10:02:00.000Z" },
    ]);
  });

  test("parts of one time are one checkpoint, and none is none", () => {
    const parts = [row("car-1", 3, "o"), ...minutes];
    expect(judgedThrough(parts, awaited)).toBe(T0 + 2 * 60_000);
    expect(judgedThrough(minutes.slice(2), awaited)).toBeNull();
    expect(judgedThrough([], awaited)).toBeNull();
  });

  test("the fleet's is the earliest, and unknown when one vehicle's is", () => {
    const of = (complete_through: string | null) => ({
      vehicle_id: "v",
      complete_through,
      replaced_outboxes: 0,
    });
    expect(completeThrough([of("2026-03-02"), of("2026-03-01")])).toBe("2026-03-01");
    expect(completeThrough([of("2026-03-02"), of(null)])).toBeNull();
    expect(completeThrough([])).toBeNull();
  });
});

describe("the log's ends", () => {
  const topics = logTopics({});
  const PARTITIONS = 4;
  const mine = partitionOf("car-1", PARTITIONS);
  const heads = (nextOf: (table: TableName, partition: number) => number): CurrentHeads =>
    Object.fromEntries(
      TABLE_NAMES.map((table) => {
        const partitions = Object.fromEntries(
          Array.from({ length: PARTITIONS }, (_, partition) => [
            partition,
            { next: nextOf(table, partition), last: null, ledger: null, commit: "c" },
          ]),
        );
        return [table, { ingest: { logIdentity: "l", partitionCount: PARTITIONS, partitions } }];
      }),
    ) as unknown as CurrentHeads;
  const ends = Object.fromEntries(
    [...Object.values(topics.streams), topics.deadLetters].map((topic) => [topic, [7, 7, 7, 7]]),
  );

  test("are passed when every table has, in the vehicle's partition", () => {
    const passed = (of: CurrentHeads): boolean => hasPassedEnds(ends, "car-1", of, topics);
    expect(passed(heads(() => 7))).toBe(true);
    expect(passed(heads((_, partition) => (partition === mine ? 7 : 0)))).toBe(true);
    for (const late of TABLE_NAMES)
      expect(passed(heads((table, partition) => (table === late && partition === mine ? 6 : 9)))).toBe(false);
    expect(passed({ ...heads(() => 7), emergency_data: null })).toBe(false);
  });

  test("of topics with other names cannot be judged", () => {
    const strange = { ...ends, positions: [1] };
    expect(() =>
      hasPassedEnds(
        strange,
        "car-1",
        heads(() => 9),
        topics,
      ),
    ).toThrow(/positions/);
  });
});

test("rows that stand in several files are doubled as often as they overlap", () => {
  const book = bookOf("car-1", BOOT, 0);
  const add = (from: number, to: number, doubled = 0): void =>
    book.addIsland({ vehicleId: "car-1", bootId: BOOT, from, to, doubled });
  for (const [from, to] of [
    [1, 5],
    [9, 12],
    [6, 6],
    [4, 10],
  ] as const)
    add(from, to);
  // 4, 5, 6, 9 and 10 stood there before.
  expect(book.of("car-1", BOOT)?.doubled).toBe(5);
  add(13, 14, 3);
  expect(book.of("car-1", BOOT)).toMatchObject({ doubled: 8, rows: SeqRanges.of([[1, 14]]) });
});

describe("rows against the ledger", () => {
  const compare = (rows: [number, number][], rowCount: number, others = { added: 0, removed: 0 }) => {
    const book = bookOf("car-1", BOOT, 0);
    book.of("car-1", BOOT)?.landed.add(1, 10);
    for (const [from, to] of rows) book.of("car-1", BOOT)?.rows.add(from, to);
    const { isRemovalKnown, problems } = compareRows({ book, rowCount, ...others });
    return [isRemovalKnown, ...problems.map(({ code, examples }) => `${code} ${examples.length}`)];
  };
  test("agree, or differ by what other engines did, or are a defect", () => {
    expect(compare([[1, 10]], 10)).toEqual([true]);
    expect(compare([[1, 8]], 8)).toEqual([false, "rows_missing 2"]);
    expect(compare([[1, 8]], 8, { added: 0, removed: 2 })).toEqual([true]);
    expect(compare([[1, 8]], 8, { added: 0, removed: 1 })).toEqual([false, "rows_missing 2"]);
    expect(compare([[1, 12]], 12)).toEqual([true, "rows_unknown 2"]);
    expect(compare([[1, 12]], 12, { added: 2, removed: 0 })).toEqual([true]);
  });
  test("are missed by as many as were erased or dropped, whoever they were of; a row that should be gone is unknown", () => {
    const key = { vehicleId: "car-1", bootId: BOOT, stream: "gps_data" as const };
    const tombstone = (grave: string) => ({
      grave,
      stream: "gps_data",
      landed: SeqRanges.of([[1, 3]]),
      rejected: SeqRanges.of([[4, 4]]),
    });
    const erased = (vehicle: string | null, rows: number): TableSeriesBook => {
      const book = new TableSeriesBook("gps_data", { vehicle, looksInLog: false });
      book.of("car-1", BOOT)?.landed.add(6, 7);
      book.of("car-1", BOOT)?.rows.add(8 - rows, 7);
      book.addErased([tombstone(graveOf(key, nodeSha256)), tombstone("of nobody")], nodeSha256);
      return book;
    };
    const problems = (book: TableSeriesBook, rowCount: number, removed: number) =>
      compareRows({ book, rowCount, added: 0, removed }).problems.map(({ code }) => code);
    expect(problems(erased(null, 2), 2, 6)).toEqual([]);
    expect(problems(erased(null, 2), 2, 5)).toEqual(["rows_missing"]);
    expect(problems(erased(null, 1), 1, 7)).toEqual([]);
    const book = erased(null, 2);
    book.of("car-1", BOOT)?.rows.add(2, 2);
    expect(problems(book, 3, 6)).toEqual(["rows_unknown"]);
    const reports = judge(erased(null, 2), new FleetStatements()).series;
    expect(
      reports.map((one) => [one.vehicle_id, one.removed, one.rejected, one.landed, one.unknown]),
    ).toEqual([
      ["(erased)", 3, 1, 0, 0],
      ["car-1", 3, 1, 2, 1],
    ]);
    expect(judgeVehicles(reports, new FleetStatements(), new Map()).map((one) => one.vehicle_id)).toEqual([
      "car-1",
    ]);
    const dropped = reports.map((one) => ({ ...one, vehicle_id: "car-9", landed: 0 }));
    expect(judgeVehicles(dropped, new FleetStatements(), new Map())).toEqual([]);
    expect(
      erased("car-1", 2)
        .all()
        .map((one) => one.vehicleId),
    ).toEqual(["car-1"]);
  });
  test("rows without an identity are unknown, and have no names", () => {
    expect(compare([[1, 10]], 11)).toEqual([true, "rows_unknown 0"]);
  });
  test("that are listed more than counted contradict themselves, and make up for no unknown one", () => {
    expect(compare([[1, 12]], 10)).toEqual([true, "rows_unknown 2", "rows_contradict 0"]);
  });
});
