import { acceptor, buildPayload, logTopics, unixMillis } from "@roadstream/shared";
import { nodeSha256, nodeZstd } from "@roadstream/shared/adapters";
import {
  gpsRecord,
  headerOf,
  MemoryEventLog,
  TOPIC,
  VEHICLE,
  VirtualClock,
} from "@roadstream/shared/testing";
import { singleRecords } from "@roadstream/shared/event-log";
import { beforeEach, describe, expect, test } from "vitest";
import { letterWhere, sinceTime } from "./letter-filter.ts";
import { readDeadLetter } from "./read-dead-letter.ts";
import { replayLetters, REPLAY_HEADER, type Transform } from "./replay-letters.ts";
import type { StoredLetter } from "./stored-letter.ts";

const TOPICS = logTopics({});
const RECEIVED = Date.UTC(2026, 0, 1);
const accept = acceptor({ topics: TOPICS, sha256: nodeSha256, zstd: nodeZstd });

/** The letters that the gateway writes of a publish, as the table gives them back. */
const lettersOf = (payload: Uint8Array, topic = TOPIC): readonly StoredLetter[] =>
  singleRecords(accept({ clientId: VEHICLE, topic, payload, receivedAt: unixMillis(RECEIVED) }).entries)
    .filter((entry) => entry.topic === TOPICS.deadLetters)
    .map((entry) => {
      const fields = JSON.parse(entry.value) as Record<string, string>;
      const read = readDeadLetter(Buffer.from(entry.value, "utf8").toString("latin1"));
      if (read.kind !== "letter") throw new Error("not a letter");
      return {
        id: read.id,
        reason: fields["reason"] ?? "",
        detail: fields["detail"] ?? null,
        ...read.claim,
        topic: fields["topic"] ?? "",
        receivedAt: fields["received_at"] ?? "",
        payload: Buffer.from(fields["payload"] ?? "", "base64"),
      };
    });

const publish = (records: readonly Record<string, unknown>[], first = 1): Uint8Array =>
  buildPayload(
    headerOf(first, first + records.length - 1),
    records.map((record) => JSON.stringify(record)),
    nodeZstd,
  );

async function* batchOf(letters: readonly StoredLetter[]): AsyncGenerator<readonly StoredLetter[]> {
  yield letters;
}

describe("replaying dead letters", () => {
  let log: MemoryEventLog;
  const replay = async (letters: readonly StoredLetter[], transform: Transform | null, dry = false) => {
    await using writer = await log.writer();
    const context = { topics: TOPICS, zstd: nodeZstd, transform, writer: dry ? null : writer };
    return await replayLetters(context, batchOf(letters));
  };
  const records = async (): Promise<readonly Readonly<Record<string, unknown>>[]> => {
    const slice = await log.read({ topic: "gps_data", partition: 0 }, 0, 1e9);
    if ("kind" in slice) throw new Error("out of range");
    return slice.values.map((value, i) => ({
      ...(JSON.parse(value) as Record<string, unknown>),
      replayOf: slice.headers?.[i]?.[REPLAY_HEADER],
    }));
  };

  beforeEach(async () => {
    log = new MemoryEventLog({ clock: new VirtualClock() });
    await log.createTopics(["gps_data"], 1);
  });

  test("one bad record of a publish, mended, goes to the log under its own identity", async () => {
    const letters = lettersOf(publish([gpsRecord(1), gpsRecord(2, { latitude: 95 }), gpsRecord(3)]));
    expect(letters.map((letter) => letter.reason)).toEqual(["out_of_range"]);
    const report = await replay(letters, (record) => ({ ...record, latitude: 41.5 }));
    expect(report).toEqual({ letters: 1, replayed: 1, left: 0, refused: {} });
    expect(await records()).toMatchObject([
      {
        vehicle_id: VEHICLE,
        boot_id: letters[0]?.bootId,
        seq: 2,
        latitude: 41.5,
        machine_boot: "unknown",
        received_at: "2026-01-01T00:00:00.000Z",
        replayOf: letters[0]?.id,
      },
    ]);
  });

  test("what is wrong still is refused still, and says why; a dry run sends nothing", async () => {
    const letters = lettersOf(publish([gpsRecord(1, { latitude: 95 })]));
    expect(await replay(letters, null)).toMatchObject({ replayed: 0, refused: { out_of_range: 1 } });
    expect(await replay(letters, (record) => ({ ...record, latitude: 1 }), true)).toMatchObject({
      replayed: 1,
    });
    expect(await replay(letters, () => null)).toMatchObject({ replayed: 0, left: 1 });
    expect(await records()).toEqual([]);
  });

  test("a publish that was refused whole is judged whole, with its header", async () => {
    const whole = publish([gpsRecord(1), gpsRecord(2)]);
    const [letter] = lettersOf(whole, "dt/roadstream/v1/car-1/vehicle_data");
    expect(letter?.reason).toBe("wrong_stream");
    const report = await replay(letter === undefined ? [] : [letter], null);
    expect(report).toMatchObject({ replayed: 2, refused: {} });
    expect((await records()).map((record) => record["sent_uptime_ms"])).not.toContain(null);
  });

  test("no transform makes another vehicle's reading of it", async () => {
    const letters = lettersOf(publish([gpsRecord(1, { latitude: 95 })]));
    const theft: Transform = (record) => ({ ...record, latitude: 1, vehicle_id: "car-2" });
    expect(await replay(letters, theft)).toMatchObject({ replayed: 0, refused: { wrong_vehicle: 1 } });
    const elsewhere = letters.map((letter) => ({ ...letter, topic: "dt/roadstream/v1/car-2/gps_data" }));
    expect(await replay(elsewhere, (record) => record)).toMatchObject({ refused: { wrong_vehicle: 1 } });
  });

  test("bytes that hold no record are refused by name", async () => {
    const garbage = lettersOf(new Uint8Array([1, 2, 255, 254]));
    expect(await replay(garbage, null)).toMatchObject({ letters: 1, replayed: 0, refused: { not_utf8: 1 } });
  });
});

describe("which letters are meant", () => {
  const now = unixMillis(Date.UTC(2026, 4, 2));

  test("a time, a day or a duration before now", () => {
    expect(sinceTime("2026-05-01T12:00:00Z", now)).toBe(Date.UTC(2026, 4, 1, 12));
    expect(sinceTime("2026-05-01", now)).toBe(Date.UTC(2026, 4, 1));
    expect(sinceTime("2h", now)).toBe(now - 7_200_000);
    expect(() => sinceTime("yesterday", now)).toThrow("neither a time nor a duration");
  });

  test("a quote in a value stays in the value", () => {
    const where = letterWhere({ since: now, reason: "x' OR '1'='1", vehicle: null, stream: null, id: null });
    expect(where).toBe(
      "reason = 'x'' OR ''1''=''1' AND received_at >= TIMESTAMPTZ '2026-05-02T00:00:00.000Z'",
    );
  });
});
