import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { isRoadstreamError, seededRandom, silentLogger } from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import { expect, test } from "vitest";
import { ACKNOWLEDGE_DELAY } from "../outbox/durable-outbox.ts";
import { outboxContract } from "../outbox/outbox.contract.ts";
import { openTestOutbox } from "../testing/open-test-outbox.ts";
import { encoded, numbered, pictureSample } from "../testing/sample-readings.ts";
import { SqliteSegmentStore } from "./sqlite-segment-store.ts";

let opened = 0;

const folder = () => {
  const directory = mkdtempSync(join(tmpdir(), "roadstream-outbox-"));
  return {
    directory,
    open: (maxBytes = 2 ** 30) =>
      SqliteSegmentStore.open({
        directory,
        maxBytes,
        clock: new VirtualClock(),
        random: seededRandom((opened += 1)),
        logger: silentLogger,
      }),
    [Symbol.dispose]: () => rmSync(directory, { recursive: true }),
  };
};

outboxContract("sqlite", () => {
  const disk = folder();
  return { open: () => disk.open(), [Symbol.dispose]: () => disk[Symbol.dispose]() };
});

test("a second agent on the same folder is told so, until the first is gone", () => {
  using disk = folder();
  const first = disk.open();
  let thrown: unknown = null;
  try {
    disk.open();
  } catch (error) {
    thrown = error;
  }
  expect(isRoadstreamError(thrown, "usage")).toBe(true);
  expect((thrown as Error).message).toContain("another agent is using");
  first[Symbol.dispose]();
  disk.open()[Symbol.dispose]();
});

test("a file that is no database is put aside, and the new outbox has a new id", async () => {
  using disk = folder();
  const first = disk.open();
  const firstId = first.outboxId;
  await openTestOutbox({ store: first }).outbox[Symbol.asyncDispose]();
  writeFileSync(join(disk.directory, "outbox.sqlite"), Buffer.alloc(8192, 0x55));
  const second = disk.open();
  expect(second.outboxId).not.toBe(firstId);
  expect(second.replaced).toMatch(/corrupt/);
  expect(readdirSync(disk.directory).some((name) => name.includes("corrupt"))).toBe(true);
  const made = openTestOutbox({ store: second });
  expect(await made.outbox.accept(numbered(1))).toEqual({ seq: 1 });
  await made.outbox[Symbol.asyncDispose]();
});

test("damage met while running is found by the check of the next opening", async () => {
  using disk = folder();
  const made = openTestOutbox({ store: disk.open() });
  await Promise.all(Array.from({ length: 2000 }, (_, n) => made.outbox.accept(numbered(n))));
  await made.outbox[Symbol.asyncDispose]();
  const path = join(disk.directory, "outbox.sqlite");
  const bytes = Buffer.alloc(100_000, 0x33);
  const { openSync, writeSync, closeSync } = await import("node:fs");
  const handle = openSync(path, "r+");
  writeSync(handle, bytes, 0, bytes.length, 40_960);
  closeSync(handle);
  const damaged = disk.open();
  expect(damaged.replaced).toBe(null);
  const again = openTestOutbox({ store: damaged });
  const view = again.outbox.series().find((series) => series.stream === "gps_data")!;
  const readAll = async (): Promise<void> => {
    for (let seq = 1; seq <= 2000;) {
      const run = await again.outbox.read(
        { bootId: view.bootId, stream: "gps_data", firstSeq: seq, lastSeq: 2000 },
        5000,
      );
      seq = run!.lastSeq + 1;
    }
  };
  await expect(readAll()).rejects.toThrow();
  damaged[Symbol.dispose]();
  const third = disk.open();
  expect(third.replaced).not.toBe(null);
  third[Symbol.dispose]();
});

test("one commit is counted once, and the log is written back by size", async () => {
  using disk = folder();
  const store = disk.open();
  const made = openTestOutbox({ store });
  for (let group = 0; group < 5; group += 1)
    await Promise.all(Array.from({ length: 5000 }, (_, n) => made.outbox.accept(numbered(n))));
  // The first commit opened the boot.
  expect(store.statistics).toEqual({ commits: 6, writeBacks: 1, writeBackFailures: 0 });
  await made.outbox[Symbol.asyncDispose]();
});

test("a full disk refuses what does not fit, keeps what it has, and takes more once something is acknowledged", async () => {
  using disk = folder();
  const made = openTestOutbox({ store: disk.open(2 ** 20) });
  const { bootId } = made.outbox;
  const outcomes: object[] = [];
  while (outcomes.at(-1) === undefined || "seq" in outcomes.at(-1)!)
    outcomes.push(await made.outbox.accept(encoded(pictureSample(20_000))));
  expect(outcomes.at(-1)).toEqual({ refused: "storage" });
  expect(made.failures).toEqual([]);
  const held = outcomes.length - 1;
  expect(held).toBeGreaterThan(20);
  expect(made.outbox.usage().records).toBe(held);
  const run = { bootId, stream: "traffic_data", firstSeq: 1, lastSeq: 5 } as const;
  expect((await made.outbox.read(run, 1e6))?.records).toHaveLength(5);
  void made.outbox.acknowledge(run);
  await made.clock.advance(ACKNOWLEDGE_DELAY);
  expect(await made.outbox.accept(encoded(pictureSample(20_000)))).toEqual({ seq: held + 1 });
  await made.outbox[Symbol.asyncDispose]();
  const again = openTestOutbox({ store: disk.open(2 ** 20) });
  expect(again.outbox.usage().records).toBe(held + 1 - 5);
  await again.outbox[Symbol.asyncDispose]();
});

test("an outbox from before there were uptimes is taken over, and its readings stay", async () => {
  using disk = folder();
  const first = openTestOutbox({ store: disk.open() });
  await first.outbox.accept(numbered(1));
  await first.outbox[Symbol.asyncDispose]();
  const old = new DatabaseSync(join(disk.directory, "outbox.sqlite"));
  old.exec("DROP INDEX segment_by_age; ALTER TABLE segment DROP COLUMN accepted_uptime;");
  old.close();
  const store = disk.open();
  const second = openTestOutbox({ store });
  await second.outbox.accept(numbered(2));
  const uptimes = [first, second].map(
    ({ outbox: { bootId } }) => store.front({ bootId, stream: "gps_data" }, 9)[0]?.acceptedUptime,
  );
  expect(uptimes).toEqual([null, 1000]);
  await second.outbox[Symbol.asyncDispose]();
});
