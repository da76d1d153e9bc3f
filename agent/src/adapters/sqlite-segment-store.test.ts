import { closeSync, existsSync, openSync, readdirSync, renameSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { isRoadstreamError } from "@roadstream/shared";
import { expect, test } from "vitest";
import { ACKNOWLEDGE_DELAY } from "../outbox/durable-outbox.ts";
import { outboxContract } from "../outbox/outbox.contract.ts";
import { openTestOutbox, type TestOutbox } from "../testing/open-test-outbox.ts";
import { encoded, numbered, pictureSample } from "../testing/sample-readings.ts";
import { isDamage } from "./sqlite-outbox-file.ts";
import { heldSeqs, NO_CHANGES, outboxFolder, putSegments } from "./testing/outbox-folder.ts";

outboxContract("sqlite", () => {
  const disk = outboxFolder();
  return { open: () => disk.open(), [Symbol.dispose]: () => disk[Symbol.dispose]() };
});

test("a second agent on the same folder is told so, until the first is gone", () => {
  using disk = outboxFolder();
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
  using disk = outboxFolder();
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

/** Somebody else's bytes in the middle of the file. */
const damage = (directory: string, at: number, length: number): void => {
  const handle = openSync(join(directory, "outbox.sqlite"), "r+");
  writeSync(handle, Buffer.alloc(length, 0x33), 0, length, at);
  closeSync(handle);
};

/** The numbers that a boot's fixes are held by, as the books say and as they can be read. */
const heldAndRead = async (
  { outbox }: TestOutbox,
  bootId: string,
): Promise<{ readonly held: number[]; readonly read: number[] }> => {
  const held: number[] = [];
  const read: number[] = [];
  const view = outbox.series().find((series) => series.bootId === bootId && series.stream === "gps_data")!;
  for (let run = view.heldRunFrom(1); run !== null; run = view.heldRunFrom(run[1] + 1)) {
    for (let seq = run[0]; seq <= run[1]; seq += 1) {
      held.push(seq);
      const one = await outbox
        .read({ bootId, stream: "gps_data", firstSeq: seq, lastSeq: seq }, 1)
        .catch(() => null);
      if (one !== null && one.records[0]!.startsWith(`{"seq":${seq},`)) read.push(seq);
    }
  }
  return { held, read };
};

test.each(["large segments, met by a read", "small segments, met at a start"])(
  "of a damaged file what can be read goes on under its name, and the rest is a declared gap: %s",
  async (kind) => {
    using disk = outboxFolder();
    const first = disk.open();
    const made = openTestOutbox({ store: first });
    const { bootId } = made.outbox;
    const all = Array.from({ length: 2000 }, (_, n) => n);
    if (kind.startsWith("large")) await Promise.all(all.map((n) => made.outbox.accept(numbered(n))));
    else for (const n of all) await made.outbox.accept(numbered(n));
    await made.outbox[Symbol.asyncDispose]();
    damage(disk.directory, 40_960, 100_000);
    const damaged = disk.open();
    expect(damaged.replaced).toBe(null);
    if (kind.startsWith("large")) {
      const { held, read } = await heldAndRead(openTestOutbox({ store: damaged }), bootId);
      expect([held.length, read.length < 2000]).toEqual([2000, true]);
    } else expect(() => openTestOutbox({ store: damaged })).toThrow("malformed");
    damaged[Symbol.dispose]();

    const third = disk.open();
    expect([third.outboxId, third.replaced]).toEqual([first.outboxId, null]);
    const again = openTestOutbox({ store: third });
    const { held, read } = await heldAndRead(again, bootId);
    expect(read.length).toBeGreaterThan(1000);
    expect(held).toEqual(read);
    const gap = again.metrics.value("roadstream_agent_outbox_dropped_total", { reason: "unreadable" });
    expect([gap > 0, gap + read.length]).toEqual([true, 2000]);
    expect(await again.outbox.accept(numbered(1))).toEqual({ seq: 1 });
    await again.outbox[Symbol.asyncDispose]();
    const names = readdirSync(disk.directory);
    expect(names.filter((name) => name.includes("corrupt-")).length).toBeGreaterThan(0);
    expect(names.filter((name) => name.includes("suspect") || name.includes("salvage"))).toEqual([]);
  },
);

test("where the books themselves are gone, a new outbox begins", async () => {
  using disk = outboxFolder();
  const made = openTestOutbox({ store: disk.open() });
  for (let n = 0; n < 600; n += 1) await made.outbox.accept(numbered(n));
  await made.outbox[Symbol.asyncDispose]();
  damage(disk.directory, 4096, 60_000);
  const next = disk.open();
  expect([next.outboxId === made.outbox.id, next.replaced === null]).toEqual([false, false]);
  next[Symbol.dispose]();
});

test("a salvage that was killed before or after the damaged file was put aside is done again, or taken", async () => {
  using disk = outboxFolder();
  const path = join(disk.directory, "outbox.sqlite");
  const made = openTestOutbox({ store: disk.open() });
  for (let n = 0; n < 10; n += 1) await made.outbox.accept(numbered(n));
  await made.outbox[Symbol.asyncDispose]();
  writeFileSync(`${path}.salvage`, "half of it");
  const before = disk.open();
  expect(before.outboxId).toBe(made.outbox.id);
  before[Symbol.dispose]();
  expect(existsSync(`${path}.salvage`)).toBe(false);
  renameSync(path, `${path}.salvage`);
  const after = disk.open();
  expect(after.outboxId).toBe(made.outbox.id);
  after[Symbol.dispose]();
});

test("one commit is counted once, and the log is written back by size", async () => {
  using disk = outboxFolder();
  const store = disk.open();
  const made = openTestOutbox({ store });
  for (let group = 0; group < 5; group += 1)
    await Promise.all(Array.from({ length: 5000 }, (_, n) => made.outbox.accept(numbered(n))));
  // The first commit opened the boot.
  expect(store.statistics).toEqual({ commits: 6, writeBacks: 1, writeBackFailures: 0 });
  await made.outbox[Symbol.asyncDispose]();
});

test("a full disk refuses what does not fit, keeps what it has, and takes more once something is acknowledged", async () => {
  using disk = outboxFolder();
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

test("on a full disk a transaction uses the room that it makes itself", () => {
  using disk = outboxFolder();
  using store = disk.open(2 ** 18);
  const fill = (given: number, length: number): number => {
    try {
      putSegments(store, [length], given);
      return fill(given + 1, length);
    } catch {
      return given;
    }
  };
  const held = fill(fill(0, 20_000), 500);
  const [oldest] = store.oldest(["gps_data"], 1);
  const long = { bootId: "b".repeat(6000), machineBoot: "machine-1", closed: false, saidBy: null };
  expect(() => store.commit({ ...NO_CHANGES, boots: [long] })).toThrow("full");
  store.commit({ ...NO_CHANGES, boots: [long], removed: [oldest!] });
  expect(heldSeqs(store)).toHaveLength(held - 1);
});

test("a disk that fails is damage like a corrupt file; a full one and a locked one are none", () => {
  // SQLITE_IOERR_READ, SQLITE_CORRUPT_INDEX, SQLITE_FULL, SQLITE_BUSY (sqlite.org/rescode.html).
  const verdicts = [266, 779, 13, 5].map((errcode) =>
    isDamage(Object.assign(new Error("sqlite"), { errcode })),
  );
  expect(verdicts).toEqual([true, true, false, false]);
});

test("an outbox from before there were uptimes is taken over, and its readings stay", async () => {
  using disk = outboxFolder();
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
