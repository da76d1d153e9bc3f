import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { acceptor, buildPayload, days, logTopics, unixMillis } from "@roadstream/shared";
import { nodeSha256, nodeZstd } from "@roadstream/shared/adapters";
import { singleRecords, type LogAppend } from "@roadstream/shared/event-log";
import { gpsRecord, headerOf, VEHICLE } from "@roadstream/shared/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runCloud } from "../../testing/run-cloud.ts";
import { TINY_BOOT, tinyLake, tinyRecord, type TinyLake } from "../../testing/tiny-lake.ts";

const TOPICS = logTopics({});
const GARBAGE = "not a record";
/** Mends what the sensor got wrong, and leaves anything else as it is. */
const MEND = `export default (record, letter) =>
  letter.reason === "out_of_range" ? { ...record, latitude: record.latitude - 90 } : record;
`;

let tiny: TinyLake;
beforeEach(async () => {
  tiny = await tinyLake();
});
afterEach(() => tiny[Symbol.asyncDispose]());

const LAKE = ["--lake", "file:lake"];
const BOTH = [...LAKE, "--log", "sqlite:log.sqlite"];

const json = async (...args: readonly string[]): Promise<Record<string, unknown>> => {
  const { code, stdout, stderr } = await runCloud(tiny.folder, ...args, "--json");
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  return JSON.parse(stdout) as Record<string, unknown>;
};
/** What one table took in of a drained log; null: nothing new. */
const drain = async (table: string): Promise<unknown> => {
  const { tables } = (await json("run", ...BOTH, "--until-drained")) as {
    tables: Record<string, unknown>;
  };
  return tables[table] ?? null;
};
const replay = (...args: readonly string[]) => json("dead-letters", "replay", ...BOTH, ...args);
const letters = async (...args: readonly string[]): Promise<readonly Record<string, unknown>[]> => {
  const answer = await json("dead-letters", "list", ...LAKE, ...args);
  return answer["letters"] as Record<string, unknown>[];
};
const readings = async (): Promise<unknown> => {
  const sql = "SELECT seq, latitude, machine_boot, count(*) AS n FROM gps_data GROUP BY ALL ORDER BY seq";
  return (await json("sql", sql, ...LAKE))["rows"];
};
const reading = (seq: number, latitude: number, boot = "m1") => ({
  seq: String(seq),
  latitude,
  machine_boot: boot,
  n: "1",
});

const gps = (seq: number, latitude: number): LogAppend =>
  tinyRecord("gps_data", { seq, at: "10:00:00" }, { fix: "3d", latitude, longitude: -95.5 });
/** What the gateway makes of a publish of readings 4 and 5 that came by another stream's topic, in one letter. */
const publishAstray = (receivedAt = Date.now()): readonly LogAppend[] => {
  const accept = acceptor({ topics: TOPICS, sha256: nodeSha256, zstd: nodeZstd });
  const payload = buildPayload(
    headerOf(4, 5, { bootId: TINY_BOOT }),
    [4, 5].map((seq) => JSON.stringify(gpsRecord(seq))),
    nodeZstd,
  );
  const topic = `dt/roadstream/v1/${VEHICLE}/vehicle_data`;
  const publish = { clientId: VEHICLE, topic, payload, receivedAt: unixMillis(receivedAt) };
  return singleRecords(accept(publish).entries);
};
/** What the car promises by then: five readings, all acknowledged, and this. */
const checkpoint = (): LogAppend => {
  const of = (given: number, acknowledged: number[][], held: number[][]) => ({
    given,
    acknowledged,
    held,
    dropped: [],
  });
  const streams = { gps_data: of(5, [[1, 5]], []), agent_events: of(1, [], [[1, 1]]) };
  const detail = { outbox_id: "outbox-1", boots: [{ boot_id: TINY_BOOT, closed: false, streams }] };
  const fields = { kind: "checkpoint", detail: JSON.stringify(detail) };
  return tinyRecord("agent_events", { seq: 1, at: "10:01:00" }, fields);
};

test("what was refused is listed, shown, mended and replayed; replayed again, nothing doubles", async () => {
  await writeFile(join(tiny.folder, "mend.mjs"), MEND);
  await tiny.append([
    gps(1, 41),
    gps(2, 132),
    gps(3, 43),
    { topic: TOPICS.streams.gps_data, key: VEHICLE, value: GARBAGE },
    ...publishAstray(),
    checkpoint(),
  ]);
  expect(await drain("gps_data")).toMatchObject({ received: 4, landed: 2, rejected: 2 });
  const refused = await json("verify", ...BOTH);
  expect(refused).toMatchObject({ clean: true, totals: { given: 6, landed: 3, rejected: 3, lost: 0 } });

  const listed = await letters("--since", "1h");
  const standsFor = listed.map(({ reason, seq_from, seq_to }) => [reason, [seq_from, seq_to]]);
  expect(Object.fromEntries(standsFor)).toEqual({
    not_json: [null, null],
    out_of_range: ["2", "2"],
    wrong_stream: ["4", "5"],
  });
  expect(listed.length).toBe(3);
  expect(await letters("--reason", "out_of_range", "--stream", "weather_data")).toEqual([]);
  const idOf = (reason: string): string =>
    String(listed.find((letter) => letter["reason"] === reason)?.["dead_letter_id"]);
  const shown = await runCloud(tiny.folder, "dead-letters", "show", idOf("out_of_range"), ...LAKE);
  expect([shown.code, shown.stdout]).toEqual([
    0,
    expect.stringMatching(/reason +out_of_range[^]*"latitude": 132/),
  ]);
  const garbage = await json("dead-letters", "show", idOf("not_json"), ...LAKE);
  expect(Buffer.from(String(garbage["payload"]), "base64").toString()).toBe(GARBAGE);
  const unknown = await runCloud(tiny.folder, "dead-letters", "show", "0".repeat(32), ...LAKE);
  expect(unknown).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("no dead letter") });

  const mend = ["--since", "1h", "--transform", "mend.mjs"];
  const judged = { letters: 3, replayed: 3, left: 0, refused: { wrong_vehicle: 1 } };
  expect(await replay(...mend, "--dry-run")).toEqual({ ok: true, dry_run: true, ...judged });
  expect(await drain("gps_data")).toBeNull();
  expect(await replay(...mend)).toEqual({ ok: true, dry_run: false, ...judged });
  expect(await drain("gps_data")).toMatchObject({ received: 3, landed: 3, doubled: 0, rejected: 0 });
  const whole = [
    reading(1, 41),
    reading(2, 42),
    reading(3, 43),
    ...[4, 5].map((seq) => reading(seq, 41.2565, "machine-boot-1")),
  ];
  expect(await readings()).toEqual(whole);
  const mended = await json("verify", ...BOTH);
  expect(mended).toMatchObject({
    clean: true,
    totals: { given: 6, landed: 6, rejected: 0, lost: 0, doubled: 0 },
  });

  expect(await replay(...mend)).toEqual({ ok: true, dry_run: false, ...judged });
  expect(await drain("gps_data")).toMatchObject({ received: 3, landed: 0, doubled: 3, rejected: 0 });
  expect(await readings()).toEqual(whole);
  expect(await letters()).toEqual(listed);
  expect((await json("verify", ...BOTH))["totals"]).toEqual(mended["totals"]);
}, 120_000);

test("of letters young and old, --since takes those received since: none else is listed or replayed", async () => {
  await tiny.append([gps(1, 132), ...publishAstray(Date.now() - days(2))]);
  await tiny.land();
  const reasons = async (since: string) =>
    (await letters("--since", since)).map(({ reason }) => String(reason)).toSorted();
  expect(await reasons("1h")).toEqual(["out_of_range"]);
  expect(await reasons("3d")).toEqual(["out_of_range", "wrong_stream"]);
  const refused = { ok: true, dry_run: false, left: 0, refused: { out_of_range: 1 } };
  expect(await replay("--since", "1h")).toEqual({ ...refused, letters: 1, replayed: 0 });
  expect(await replay("--since", "3d")).toEqual({ ...refused, letters: 2, replayed: 2 });
  expect(await drain("gps_data")).toMatchObject({ received: 2, landed: 2 });
}, 120_000);
