import { closeSync, mkdtempSync, openSync, readdirSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { seededRandom, silentLogger, unixMillis, uptimeMillis } from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import type { StoreChanges } from "../../ports.ts";
import { SqliteSegmentStore } from "../sqlite-segment-store.ts";

const PAGE = 4096;

export const NO_CHANGES: StoreChanges = {
  boots: [],
  series: [],
  forgottenBoots: [],
  added: [],
  removed: [],
  quarantined: [],
};

export const BOOT = { bootId: "019b76da-a800-7000-8000-000000000001", stream: "gps_data" } as const;

let opened = 0;

/** A folder with an outbox's file in it, and what time and bad luck do to that. */
export const outboxFolder = () => {
  const directory = mkdtempSync(join(tmpdir(), "roadstream-outbox-"));
  const path = join(directory, "outbox.sqlite");
  const open = (maxBytes = 2 ** 30): SqliteSegmentStore =>
    SqliteSegmentStore.open({
      directory,
      maxBytes,
      clock: new VirtualClock(),
      random: seededRandom((opened += 1)),
      logger: silentLogger,
    });
  const edit = <T>(work: (db: DatabaseSync) => T): T => {
    const db = new DatabaseSync(path);
    try {
      return work(db);
    } finally {
      db.close();
    }
  };
  return {
    directory,
    path,
    open,
    names: () => readdirSync(directory),
    /** SQL from outside, while no agent runs. */
    edit,
    /** As agents wrote the file before there were uptimes. */
    makeOld: () =>
      edit((db) =>
        db.exec("DROP INDEX segment_by_age; ALTER TABLE segment DROP COLUMN accepted_uptime; VACUUM;"),
      ),
    /** Passes each page and its number (from 1); what is returned is written in its place, until one was. */
    spoil: (change: (page: Buffer, number: number) => Buffer | null) => {
      const handle = openSync(path, "r+");
      const page = Buffer.alloc(PAGE);
      for (let number = 1; readSync(handle, page, 0, PAGE, (number - 1) * PAGE) === PAGE; number += 1) {
        const spoilt = change(page, number);
        if (spoilt === null) continue;
        writeSync(handle, spoilt, 0, PAGE, (number - 1) * PAGE);
        break;
      }
      closeSync(handle);
    },
    /** The page of the fourth leaf of a table or index. */
    leafOf: (name: string): number => {
      const root = edit((db) =>
        Number(db.prepare("SELECT rootpage FROM sqlite_master WHERE name = ?").get(name)?.["rootpage"]),
      );
      const page = Buffer.alloc(PAGE);
      const handle = openSync(path, "r");
      readSync(handle, page, 0, PAGE, (root - 1) * PAGE);
      closeSync(handle);
      // An interior page: its cells' places stand behind 12 bytes, and a cell begins with its child (fileformat2.html).
      return page.readUInt32BE(page.readUInt16BE(12 + 2 * 3));
    },
    [Symbol.dispose]: () => rmSync(directory, { recursive: true }),
  };
};

/** Segments of one record each, with texts of these lengths, of {@link BOOT}; their numbers begin behind `given`. */
export const putSegments = (store: SqliteSegmentStore, lengths: readonly number[], given = 0): void => {
  const added = lengths.map((length, index) => {
    const seq = given + index + 1;
    const text = `{"seq":${seq},"x":"${"y".repeat(length)}"}`;
    const about = { size: text.length, acceptedAt: unixMillis(1.7e12), acceptedUptime: uptimeMillis(1) };
    return { ...BOOT, firstSeq: seq, lastSeq: seq, ...about, text };
  });
  store.commit({
    ...NO_CHANGES,
    boots: [{ bootId: BOOT.bootId, machineBoot: "machine-1", closed: false, saidBy: null }],
    series: [{ ...BOOT, given: given + lengths.length, acknowledged: [], dropped: [] }],
    added,
  });
};

/** The numbers of {@link BOOT} that are held. */
export const heldSeqs = (store: SqliteSegmentStore): readonly number[] =>
  store.overlapping({ ...BOOT, firstSeq: 1, lastSeq: 1e9 }).map(({ firstSeq }) => firstSeq);
