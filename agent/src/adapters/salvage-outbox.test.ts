import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { unixMillis } from "@roadstream/shared";
import { expect, test, vi } from "vitest";
import { openTestOutbox } from "../testing/open-test-outbox.ts";
import { BOOT, heldSeqs, NO_CHANGES, outboxFolder, putSegments } from "./testing/outbox-folder.ts";

type Folder = ReturnType<typeof outboxFolder>;

const lengths = (count: number, length: number): readonly number[] =>
  Array.from({ length: count }, () => length);

const zeroed = (page: Buffer): Buffer => Buffer.alloc(page.length);

/** A file with one record in each of `count` segments, and its id. */
const filled = (disk: Folder, count: number, length = 300): string => {
  using store = disk.open();
  putSegments(store, lengths(count, length));
  return store.outboxId;
};

const suspect = ({ path }: Folder): void => writeFileSync(`${path}.suspect`, "");

const { exec, prepare } = DatabaseSync.prototype;

/** As SQLite throws it. */
const failure = (errcode: number): Error => Object.assign(new Error("sqlite"), { errcode });

/** A disk that is full once all of a damaged file has been copied. */
const fullAtTheEnd = (): Disposable => {
  const spy = vi.spyOn(DatabaseSync.prototype, "exec").mockImplementation(function (this: DatabaseSync, sql) {
    if (sql.startsWith("PRAGMA wal_checkpoint(TRUNCATE)")) throw failure(13);
    exec.call(this, sql);
  });
  return { [Symbol.dispose]: () => spy.mockRestore() };
};

/** A disk that cannot be read where the books are, as SQLite tells of EIO: to a statement it is corruption. */
const unreadableBooks = (): Disposable => {
  const verdict = "SELECT 'Tree 4 page 4: unable to get the page. error code=8458' AS quick_check";
  const spy = vi.spyOn(DatabaseSync.prototype, "prepare").mockImplementation(function (
    this: DatabaseSync,
    sql,
  ) {
    if (sql.startsWith("SELECT * FROM boot")) throw failure(11);
    return prepare.call(this, sql.startsWith("PRAGMA quick_check") ? verdict : sql);
  });
  return { [Symbol.dispose]: () => spy.mockRestore() };
};

test("an older agent's file with a bad page loses what stood on it, and nothing else", () => {
  using disk = outboxFolder();
  const id = filled(disk, 200);
  disk.makeOld();
  const leaf = disk.leafOf("segment");
  disk.spoil((page, number) => (number === leaf ? zeroed(page) : null));
  using store = disk.open();
  expect([store.outboxId, store.replaced, store.load().isPartial]).toEqual([id, null, true]);
  expect(heldSeqs(store).length).toBeGreaterThan(180);
  expect(heldSeqs(store).length).toBeLessThan(200);
});

test("an older agent's file on a full disk is used as it is, and brought up to date once there is room", () => {
  using disk = outboxFolder();
  filled(disk, 200);
  disk.makeOld();
  const pages = disk.edit((db) => Number(db.prepare("PRAGMA page_count").get()?.["page_count"]));
  {
    using store = disk.open(pages * 4096);
    expect(heldSeqs(store)).toHaveLength(200);
    expect(store.segmentAt({ ...BOOT, seq: 7 })?.acceptedUptime).toBe(null);
    store.commit({ ...NO_CHANGES, removed: store.oldest(["gps_data"], 1) });
    putSegments(store, [100], 200);
  }
  using store = disk.open();
  putSegments(store, [100], 201);
  expect(heldSeqs(store)).toHaveLength(201);
  expect([201, 202].map((seq) => store.segmentAt({ ...BOOT, seq })?.acceptedUptime)).toEqual([null, 1]);
});

test("times that an older agent stored are not gone by", () => {
  using disk = outboxFolder();
  filled(disk, 2);
  disk.makeOld();
  using store = disk.open();
  putSegments(store, [100], 2);
  const within = { from: unixMillis(0), to: unixMillis(2e12), besides: "another" };
  expect(store.acceptedBetween(["gps_data"], within, 9).map(({ firstSeq }) => firstSeq)).toEqual([3]);
});

/** Cuts the chain of pages of the first long text. */
const cutText = (page: Buffer): Buffer | null =>
  page.readUInt32BE(0) > 0 && page.subarray(4).every((byte) => byte === 0x79)
    ? Buffer.concat([Buffer.from([0x7f, 0xff, 0xff, 0xff]), page.subarray(4)])
    : null;

test("after millions of segments a bad oldest one costs itself", () => {
  using disk = outboxFolder();
  {
    using store = disk.open();
    putSegments(store, [100]);
  }
  disk.edit((db) =>
    db.exec("DELETE FROM segment; UPDATE sqlite_sequence SET seq = 3000000000 WHERE name = 'segment'"),
  );
  {
    using store = disk.open();
    putSegments(store, [20_000, ...lengths(500, 300)], 1);
  }
  disk.spoil(cutText);
  suspect(disk);
  using store = disk.open();
  expect(heldSeqs(store)).toEqual(Array.from({ length: 500 }, (_, n) => n + 3));
});

test.each(["the table's", "the table's and the index's"])(
  "a bad page costs what stood on it: %s",
  (which) => {
    using disk = outboxFolder();
    const id = filled(disk, 3000, 100);
    const bad = [disk.leafOf("segment")];
    if (which.includes("index")) bad.push(disk.leafOf("segment_of_series"));
    for (const leaf of bad) disk.spoil((page, number) => (number === leaf ? zeroed(page) : null));
    suspect(disk);
    using store = disk.open();
    expect(store.outboxId).toBe(id);
    const held = heldSeqs(store);
    expect([held.length > 2900, held.length < 3000, held[0], held.at(-1)]).toEqual([true, true, 1, 3000]);
  },
);

test("somebody else's bytes within a text fail one read, and the next start gives that text up", async () => {
  using disk = outboxFolder();
  const first = openTestOutbox({ store: disk.open() });
  await first.outbox[Symbol.asyncDispose]();
  {
    using store = disk.open();
    putSegments(store, [100, 30_000, 100]);
  }
  disk.spoil((page) =>
    cutText(page) === null ? null : Buffer.concat([page.subarray(0, 4), Buffer.alloc(4092, 10)]),
  );
  {
    const { outbox } = openTestOutbox({ store: disk.open() });
    await expect(outbox.read({ ...BOOT, firstSeq: 2, lastSeq: 3 }, 1e6)).rejects.toThrow(
      "not what was written",
    );
    await outbox[Symbol.asyncDispose]();
  }
  expect(disk.names()).toContain("outbox.sqlite.suspect");
  const { outbox, metrics } = openTestOutbox({ store: disk.open() });
  expect(metrics.value("roadstream_agent_outbox_dropped_total", { reason: "unreadable" })).toBe(1);
  expect((await outbox.read({ ...BOOT, firstSeq: 3, lastSeq: 3 }, 1e6))?.records).toHaveLength(1);
  expect(disk.names().filter((name) => name.includes("suspect"))).toEqual([]);
  await outbox[Symbol.asyncDispose]();
});

test("with no room for a second file the damaged one stays where it is, for a start that has room", () => {
  using disk = outboxFolder();
  const id = filled(disk, 200);
  const leaf = disk.leafOf("segment");
  disk.spoil((page, number) => (number === leaf ? zeroed(page) : null));
  suspect(disk);
  {
    using _ = fullAtTheEnd();
    expect(() => disk.open()).toThrow("cannot be salvaged now");
  }
  expect(disk.names().filter((name) => name.includes("corrupt") || name.includes("salvage"))).toEqual([]);
  using store = disk.open();
  expect(store.outboxId).toBe(id);
  expect(heldSeqs(store).length).toBeGreaterThan(180);
});

test("a disk that cannot be read is no corrupt file: nothing is put aside for it", () => {
  using disk = outboxFolder();
  const id = filled(disk, 2);
  suspect(disk);
  {
    using _ = unreadableBooks();
    expect(() => disk.open()).toThrow("unable to get the page");
  }
  using store = disk.open();
  expect(store.outboxId).toBe(id);
});

test("damage that the first look at a file meets is examined at the next start", () => {
  using disk = outboxFolder();
  const id = filled(disk, 2);
  const sql = "SELECT rootpage FROM sqlite_master WHERE name = 'sqlite_autoindex_series_1'";
  const index = disk.edit((db) => Number(db.prepare(sql).get()?.["rootpage"]));
  disk.spoil((page, number) => (number === index ? zeroed(page) : null));
  expect(() => disk.open()).toThrow("malformed");
  using store = disk.open();
  expect([store.outboxId, heldSeqs(store)]).toEqual([id, [1, 2]]);
});

test("a segment that the file's rules refuse, and numbers that were never counted, cost no other", () => {
  using disk = outboxFolder();
  filled(disk, 20);
  disk.edit((db) => {
    db.exec("DROP INDEX segment_of_series; CREATE INDEX segment_of_series ON segment (series_id, last_seq)");
    db.exec(
      "INSERT INTO segment SELECT 21, series_id, first_seq, last_seq, size, accepted_at, accepted_uptime, text FROM segment WHERE id = 5",
    );
    db.exec("UPDATE segment SET text = 'gone' WHERE id = 7; DELETE FROM sqlite_sequence");
  });
  suspect(disk);
  using store = disk.open();
  expect(heldSeqs(store)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1).filter((seq) => seq !== 7));
});

test("ranges that cannot be read are damage to the books", () => {
  using disk = outboxFolder();
  const id = filled(disk, 2);
  disk.edit((db) => db.exec("UPDATE series SET dropped = '[{'"));
  {
    using store = disk.open();
    expect(() => store.load()).toThrow("ranges");
  }
  using store = disk.open();
  expect([store.outboxId === id, store.replaced === null]).toEqual([false, false]);
});

test("the log of a file that was being put aside is not taken for the salvaged one's", () => {
  using disk = outboxFolder();
  const store = disk.open();
  putSegments(store, lengths(3, 300));
  const log = readFileSync(`${disk.path}-wal`);
  putSegments(store, lengths(10, 300), 3);
  store[Symbol.dispose]();
  renameSync(disk.path, `${disk.path}.salvage`);
  writeFileSync(`${disk.path}-wal`, log);
  using again = disk.open();
  expect(heldSeqs(again)).toHaveLength(13);
});
