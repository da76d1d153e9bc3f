import { randomUUID } from "node:crypto";
import { join } from "node:path";
import {
  beginWork,
  batch,
  DuckDbEngine,
  filesNaming,
  tableDefinition,
  type IcebergTable,
} from "@roadstream/cloud/testing";
import { seededRandom, type Random } from "@roadstream/shared";
import { systemClock } from "@roadstream/shared/adapters";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runStage } from "../processes/start-stage.ts";
import type { S3LineFault } from "./faulty-s3-line.ts";
import { pythonWithReaders } from "./install/python-step.ts";
import { startKafka } from "./kafka.ts";
import { LineDialogue } from "./readers/line-dialogue.ts";
import { SampleLake } from "./readers/sample-lake.ts";
import { S3Bed } from "./s3-bed.ts";
import { s3Fleet } from "./s3-fleet.ts";
import { services } from "./services.ts";
import { startVersitygw, type RunningVersitygw } from "./versitygw.ts";

const FAULTS: readonly S3LineFault[] = [
  "lost_request",
  "lost_answer",
  "late",
  { status: 500, code: "InternalError" },
  { status: 503, code: "SlowDown" },
  { status: 409, code: "ConditionalRequestConflict" },
];

/** Each run gets by so many objects further than the one before it, until one gets through. */
const KILL_STRIDE = 3;

/** Of a hundred requests, so many meet a fault. */
const weather = (percent: number, random: Random) => (): S3LineFault | null => {
  if (random.next() * 100 >= percent) return null;
  return FAULTS[Math.floor(random.next() * FAULTS.length)] ?? null;
};

describe.skipIf(services("versitygw").skip)("a lake on S3", () => {
  let bed: S3Bed<RunningVersitygw>;
  beforeEach(async () => {
    bed = await S3Bed.on(await startVersitygw());
  });
  afterEach(() => bed?.[Symbol.asyncDispose]());

  const clock = systemClock();
  const definition = tableDefinition("gps_data");
  /** Batches of one partition, each from the head that the last commit left; what conflicts is read again. */
  const work = async (
    table: IcebergTable,
    { partition, batches }: { readonly partition: number; readonly batches: number },
  ): Promise<{ attempts: number; conflicts: number }> => {
    const counts = { attempts: 0, conflicts: 0 };
    let base = await table.head();
    for (let landed = 0; landed < batches;) {
      const commitId = randomUUID();
      const key = `gps_data/data/event_day=2026-01-01/${commitId}.parquet`;
      const outcome = await table.append(
        batch(definition, { base, partition, rows: 10, key, commitId, begunAt: beginWork(clock) }),
      );
      if (outcome.kind === "refused") throw new Error(outcome.reason);
      base = outcome.head;
      if (outcome.kind === "conflict") counts.conflicts += 1;
      else {
        counts.attempts += outcome.attempts;
        landed += 1;
      }
    }
    return counts;
  };

  test("writers of one table on a line that fails land each batch once", async () => {
    const spec = bed.fresh();
    bed.line.fault = weather(10, seededRandom(7));
    const lakes = [0, 1, 2].map(() => bed.open(spec));
    const late = setInterval(() => void bed.line.deliverLate().catch(() => undefined), 100);
    try {
      const counts = await Promise.all(
        // Two of them believe that they own the same partition: a worker that woke after it was given away.
        lakes.map((lake, i) => work(lake.tables.gps_data, { partition: Math.min(i, 1), batches: 12 })),
      );
      const attempts = counts.reduce((sum, one) => sum + one.attempts, 0);
      expect(attempts).toBeGreaterThan(36);
      expect(counts.slice(1).reduce((sum, one) => sum + one.conflicts, 0)).toBeGreaterThan(0);
      bed.heal();
      await using reader = bed.open(spec);
      const head = await reader.tables.gps_data.head();
      expect(head.ingest?.partitions).toMatchObject({ 0: { next: 120 }, 1: { next: 240 } });
      const files = await reader.tables.gps_data.files(head);
      expect(new Set(files.map(({ key }) => key)).size).toBe(36);
      expect(files.reduce((sum, { rows }) => sum + rows, 0)).toBe(360);
    } finally {
      clearInterval(late);
      for (const lake of lakes) await lake[Symbol.asyncDispose]();
    }
  });

  test("many files of a past day become one, by copies of what lies there", async () => {
    await using lake = bed.open();
    await using sample = await SampleLake.on(lake);
    bed.line.fault = weather(5, seededRandom(5));
    for (let i = 0; i < 12; i += 1) {
      const rows = [
        { vehicle_id: "car-1", seq: i * 2 },
        { vehicle_id: "car-1", seq: i * 2 + 1 },
      ];
      expect((await sample.append("2026-01-01", rows)).kind).toBe("committed");
    }
    await sample.compact();
    const head = await sample.table.head();
    expect(await sample.table.files(head)).toMatchObject([{ rows: 24 }]);
    const [file] = await sample.table.files(head);
    await using engine = await DuckDbEngine.open();
    using connection = await engine.connect();
    const path = await lake.store.localFile(file?.key ?? "");
    expect(await connection.rows(`SELECT count(DISTINCT seq) AS n FROM read_parquet('${path}')`)).toEqual([
      { n: 24n },
    ]);
  });

  test.skipIf(services("kafka").skip)("the demo on Kafka and S3 loses nothing", async () => {
    const spec = bed.fresh();
    await using kafka = await startKafka();
    const env = { ...bed.server.env(bed.line.port), ROADSTREAM_LAKE_CACHE: join(bed.scratch, "cache") };
    const places = ["--log", `kafka://${kafka.brokers}`, "--lake", spec];
    const data = ["--data", join(bed.scratch, "demo")];
    const demo = await runStage("demo", [...data, ...places, "--pace", "max", "--duration", "3m", "--json"], {
      env,
      deadlineMs: 300_000,
    });
    expect([demo.code, demo.stderr]).toEqual([0, expect.any(String)]);
    const verdict = await runStage("cloud", ["verify", ...places, "--json"], { env });
    expect([verdict.code, verdict.stdout]).toEqual([0, expect.any(String)]);
  });

  test("a worker that is killed at ever later objects of its work lands everything once", async () => {
    const { log, drive, cloud, worker } = s3Fleet(bed);
    await drive("car-1");
    const faults = ["lost_request", "lost_answer", "late"] as const;
    let kills = 0;
    for (let hasEnded = false; !hasEnded;) {
      let puts = 0;
      let kill: () => void = () => undefined;
      const killed = new Promise<void>((resolve) => (kill = resolve));
      bed.line.fault = ({ headers }) => {
        if (headers["if-none-match"] !== "*" || (puts += 1) !== kills * KILL_STRIDE + 2) return null;
        kill();
        return faults[kills % faults.length] ?? null;
      };
      // A group of its own does not wait for the dead one's lease; the table alone says what has landed.
      await using run = await worker(`after-${kills}`);
      hasEnded = await Promise.race([run.exit.then(() => true), killed.then(() => false)]);
      if (hasEnded) expect(await run.exit).toMatchObject({ code: 0 });
      else await run.kill9();
      kills += hasEnded ? 0 : 1;
      // What the dead worker had sent may arrive long after.
      if (kills % 2 === 0) while (await bed.line.deliverLate());
    }
    expect(kills).toBeGreaterThan(3);
    bed.heal();
    while (await bed.line.deliverLate());
    const verdict = await cloud("verify", "--log", log);
    expect([verdict.code, verdict.stderr]).toEqual([0, expect.any(String)]);
  });

  test("from the car to SQL: gateway, workers on a line that fails, verify, another reader", async () => {
    const { spec, log, drive, cloud } = s3Fleet(bed);
    await drive("car-1");
    bed.line.fault = weather(5, seededRandom(11));
    const first = await cloud("run", "--log", log, "--until-drained");
    expect([first.code, first.stderr]).toEqual([0, expect.any(String)]);
    const { tables } = JSON.parse(first.stdout) as { tables: Record<string, { landed: number }> };
    const landed = tables["gps_data"]?.landed ?? 0;
    expect(landed).toBeGreaterThan(10);
    expect(tables["traffic_data"]?.landed).toBeGreaterThan(0);

    await drive("car-2");
    const second = await cloud("run", "--log", log, "--until-drained");
    expect([second.code, second.stderr]).toEqual([0, expect.any(String)]);

    const counted = await cloud(
      "sql",
      "SELECT vehicle_id, count(*) AS n, count(DISTINCT (boot_id, seq)) AS d FROM gps_data GROUP BY 1 ORDER BY 1",
    );
    const { rows } = JSON.parse(counted.stdout) as { rows: readonly Record<string, unknown>[] };
    expect(rows.map((row) => row["vehicle_id"])).toEqual(["car-1", "car-2"]);
    expect(rows[0]).toMatchObject({ n: String(landed), d: String(landed) });
    const verdict = await cloud("verify", "--log", log);
    expect([verdict.code, verdict.stderr]).toEqual([0, expect.any(String)]);

    // All that the server has, whatever lists and heads name.
    await using engine = await DuckDbEngine.open();
    const bucket = join(bed.server.folder, bed.server.bucket);
    expect((await filesNaming(engine, bucket, "car-2")).length).toBeGreaterThan(10);
    const erased = await cloud("erase", "--vehicle", "car-2");
    expect([erased.code, erased.stdout]).toEqual([0, expect.stringContaining('"ok":true')]);
    const after = await cloud("verify", "--log", log);
    expect([after.code, after.stdout]).toEqual([0, expect.not.stringContaining("car-2")]);
    const left = await cloud("sql", "SELECT DISTINCT vehicle_id FROM gps_data");
    expect((JSON.parse(left.stdout) as { rows: unknown }).rows).toEqual([{ vehicle_id: "car-1" }]);
    bed.heal();
    await using rest = bed.open(spec);
    for await (const { key } of rest.store.list("pictures/car-2")) throw new Error(`${key} is left`);
    expect(await filesNaming(engine, bucket, "car-2")).toEqual([]);
    if (services("python").skip) return;
    await using lake = bed.open(spec);
    const { version } = await lake.tables.gps_data.head();
    await using reader = new LineDialogue(pythonWithReaders, [
      join(import.meta.dirname, "readers/pyiceberg_reader.py"),
    ]);
    const {
      AWS_ENDPOINT_URL_S3: endpoint,
      AWS_ACCESS_KEY_ID: id,
      AWS_SECRET_ACCESS_KEY: key,
    } = bed.server.env();
    const scan = await reader.ask<{ rows: readonly unknown[] }>({
      metadata: lake.store.location(`gps_data/metadata/v${version}.metadata.json`),
      properties: {
        "s3.endpoint": endpoint,
        "s3.access-key-id": id,
        "s3.secret-access-key": key,
        "s3.region": "us-east-1",
      },
      want: "rows",
      filter: "vehicle_id = 'car-1'",
    });
    expect(scan.rows.length).toBe(landed);
  });
});
