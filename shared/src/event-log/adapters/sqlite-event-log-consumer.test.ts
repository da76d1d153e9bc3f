import { afterEach, expect, test, vi } from "vitest";
import { pollUntil, record, Seen } from "../event-log.contract.ts";
import { SqliteLogRecords } from "./sqlite-event-log-records.ts";
import { sqliteTestBed } from "./sqlite-event-log-test-bed.ts";
import { SqliteLogTopics } from "./sqlite-event-log-topics.ts";

/** As node:sqlite says SQLITE_BUSY. */
const locked = (): never => {
  throw Object.assign(new Error("database is locked"), { errcode: 5 });
};
const PARTITIONS = 3;
const KEYS = Array.from({ length: 20 }, (_, n) => `car-${n}`);

afterEach(() => {
  vi.restoreAllMocks();
});

test.each([1, 2, 3])(
  "a lock met by the read no. %i of a poll skips no record of any partition",
  async (nth) => {
    using bed = sqliteTestBed();
    await using log = bed.open();
    await log.createTopics(["t"], PARTITIONS);
    await using worker = await log.join({ group: "g", worker: "w", topics: ["t"] });
    const seen = await pollUntil(worker, new Seen(), ({ held }) => held.size === PARTITIONS);
    const read = SqliteLogRecords.prototype.read;
    let reads = 0;
    vi.spyOn(SqliteLogRecords.prototype, "read").mockImplementation(function (this: SqliteLogRecords, ...of) {
      reads += 1;
      return reads === nth ? locked() : read.apply(this, of);
    });
    await using writer = await log.writer();
    await writer.append(KEYS.map((key, n) => record("t", key, n)));
    reads = 0;
    await pollUntil(worker, seen, ({ offsets }) => offsets.length >= KEYS.length);
    expect(reads).toBeGreaterThan(PARTITIONS);
    expect(seen.values.map((value) => (JSON.parse(value) as { key: string }).key).sort()).toEqual(
      [...KEYS].sort(),
    );
  },
);

test("a lock met while partitions are taken delays them, and leaves none behind", async () => {
  using bed = sqliteTestBed();
  await using log = bed.open();
  await log.createTopics(["t"], PARTITIONS);
  await using writer = await log.writer();
  await writer.append(KEYS.map((key, n) => record("t", key, n)));
  await using worker = await log.join({ group: "g", worker: "w", topics: ["t"] });
  const lane = SqliteLogTopics.prototype.lane;
  let looks = 0;
  vi.spyOn(SqliteLogTopics.prototype, "lane").mockImplementation(function (this: SqliteLogTopics, at) {
    looks += 1;
    return looks === 2 ? locked() : lane.call(this, at);
  });
  const seen = await pollUntil(worker, new Seen(), ({ offsets }) => offsets.length >= KEYS.length);
  expect(seen.held.size).toBe(PARTITIONS);
  expect(looks).toBeGreaterThan(PARTITIONS);
});
