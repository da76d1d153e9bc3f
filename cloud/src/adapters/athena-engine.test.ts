import { millis, seededRandom, type Clock, type TableName } from "@roadstream/shared";
import { systemClock } from "@roadstream/shared/adapters";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { jsonText } from "../sql/json-text.ts";
import { objectsAt } from "../object-store/objects-at.ts";
import { QUESTIONS } from "../reference/questions.ts";
import type { QueryResult } from "../sql/query-result.ts";
import { AthenaStandIn } from "../testing/athena-stand-in.ts";
import type { AwsJsonFault } from "../testing/aws-json-server.ts";
import { tinyLake, tinyRecord, type TinyLake } from "../testing/tiny-lake.ts";
import { createAthenaView } from "../views/athena-views.ts";
import { LAKE_VIEWS } from "../views/lake-views.ts";
import { AthenaEngine } from "./athena-engine.ts";
import { LakeSession } from "./lake-session.ts";

const PICTURE = Buffer.from("ffd8ffe000104a46ffd9", "hex");
/** Pauses between looks and attempts are a fiftieth. */
const system = systemClock();
const hasty: Clock = { ...system, sleep: (for_, signal) => system.sleep(millis(for_ / 50), signal) };

let tiny: TinyLake;
let athena: AthenaStandIn;
let notes: string[];
let stopping: AbortController;

const open = (more: { workgroup?: string; maxScanMib?: number } = {}): Promise<AthenaEngine> =>
  AthenaEngine.open(
    { catalog: "glue:cars", workgroup: "roadstream", maxScanMib: null, ...more },
    {
      clock: hasty,
      random: seededRandom(1),
      signal: stopping.signal,
      note: (text) => void notes.push(text),
      env: { AWS_REGION: "us-east-1" },
    },
  );
const textOf = async (result: QueryResult): Promise<string> => {
  let text = "";
  for await (const part of jsonText(result)) text += part;
  return text;
};
const ask = async (sql: string): Promise<string> => {
  await using engine = await open();
  return await textOf(await engine.query(sql));
};
const fail = (operation: string, kind: AwsJsonFault, times: number): void => {
  athena.fault = { operation, kind, times };
};
const states = (): readonly string[] => [...athena.executions.values()].map(({ state }) => state);

beforeAll(async () => {
  tiny = await tinyLake();
  const gps = { latitude: 41.25, longitude: -95.5, speed_kmh: 88.5, heading_deg: 71.3, satellites_used: 7 };
  await tiny.append([
    tinyRecord("gps_data", { seq: 1, at: "10:00:00.000" }, { fix: "none", vehicle_type: "" }),
    tinyRecord("gps_data", { seq: 2, at: "10:00:01.250" }, { fix: "3d", ...gps }),
    tinyRecord("vehicle_data", { seq: 1, at: "10:00:00.500" }, { mil_on: false, speed_kmh: 88 }),
    tinyRecord(
      "traffic_data",
      { seq: 1, at: "10:00:02.000" },
      {
        camera_id: "front",
        trigger: "interval",
        media_type: "image/jpeg",
        size_bytes: PICTURE.length,
        snapshot: PICTURE.toString("base64"),
      },
    ),
    { ...tinyRecord("gps_data", { seq: 9, at: "10:00:02.000" }, {}), value: "not a record ü" },
  ]);
  await tiny.land();
  await tiny.land();
});
afterAll(() => tiny[Symbol.asyncDispose]());

beforeEach(async () => {
  notes = [];
  stopping = new AbortController();
  athena = new AthenaStandIn("cars", tiny.lake);
  vi.stubEnv("AWS_ENDPOINT_URL_ATHENA", await athena.listen());
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await athena[Symbol.asyncDispose]();
});

test("tables and views print alike to DuckDB's, whatever their columns hold", async () => {
  await using session = await LakeSession.open(tiny.lake, stopping.signal);
  await using engine = await open();
  for (const view of LAKE_VIEWS) await engine.run(createAthenaView(view, objectsAt(tiny.lake.store)));
  const names: readonly string[] = [
    ...(["gps_data", "vehicle_data", "traffic_data", "weather_data", "dead_letters"] satisfies TableName[]),
    ...LAKE_VIEWS.map(({ name }) => name),
  ];
  for (const name of names) {
    const sql = `SELECT * FROM ${name} ORDER BY 1, 2, 3`;
    const ours = await textOf(await session.query(sql));
    const lowerCase = ours.replaceAll(/"(\w+)":/g, (key) => key.toLowerCase());
    expect(await textOf(await engine.query(sql)), name).toBe(lowerCase);
  }
  expect(await ask("SELECT seq, event_at, latitude FROM gps_data WHERE seq = 2")).toBe(
    `[\n{"seq":"2","event_at":"2026-03-01T10:00:01.250Z","latitude":41.25}\n]\n`,
  );
  expect(await ask("SELECT payload FROM dead_letters")).toContain(
    Buffer.from("not a record ü").toString("base64"),
  );
  expect(notes.at(-1)).toMatch(/^Athena scanned [\d.]+ MiB: about [\d.]+ USD/);
});

test("the questions in docs/sql that are over the lake's rows are answered", async () => {
  await using engine = await open();
  for (const view of LAKE_VIEWS) await engine.run(createAthenaView(view, objectsAt(tiny.lake.store)));
  const questions = QUESTIONS.filter(({ over }) => over === "lake");
  expect(questions.length).toBeGreaterThan(3);
  for (const { sql } of questions) expect(await textOf(await engine.query(sql)), sql).toMatch(/^\[/);
});

test("a result of many pages comes whole and in order; a name that comes again is numbered", async () => {
  await using engine = await open();
  const result = await engine.query("SELECT n.range AS a, 1 AS a FROM range(2500) AS n ORDER BY 1");
  expect(result.columns).toEqual([
    { name: "a", type: "bigint", isNumber: true },
    { name: "a:1", type: "integer", isNumber: true },
  ]);
  const rows: unknown[] = [];
  const sizes: number[] = [];
  for await (const batch of result.batches) {
    sizes.push(batch.length);
    rows.push(...batch.map(([first]) => first));
  }
  expect(sizes).toEqual([999, 1000, 501]);
  expect(rows).toEqual(Array.from({ length: 2500 }, (_, i) => String(i)));
});

test("a statement that is no query has no row of names", async () => {
  expect(await ask("SHOW TABLES")).toContain(`{"name":"gps_data"}`);
});

describe("whatever the line does, a statement runs once", () => {
  test.each<[string, AwsJsonFault, number]>([
    ["StartQueryExecution", "drop_before", 2],
    ["StartQueryExecution", "drop_after", 6],
    ["StartQueryExecution", "throttled", 6],
    ["StartQueryExecution", "error_500", 5],
    ["GetQueryExecution", "throttled", 6],
    ["GetQueryExecution", "drop_after", 5],
    ["GetQueryResults", "drop_after", 5],
    ["GetQueryResults", "error_500", 5],
    ["GetWorkGroup", "throttled", 5],
  ])("%s: %s, %i times", async (operation, kind, times) => {
    fail(operation, kind, times);
    expect(await ask("SELECT count(*) AS n FROM gps_data")).toBe(`[\n{"n":"2"}\n]\n`);
    expect(athena.fault?.times).toBe(0);
    expect(states()).toEqual(["SUCCEEDED"]);
  });
});

describe("whoever stops the command stops the statement", () => {
  test("while it runs", async () => {
    athena.isHeld = true;
    await using engine = await open();
    const asked = engine.query("SELECT 1");
    await vi.waitFor(() => expect(states()).toEqual(["RUNNING"]));
    stopping.abort(new Error("stopped"));
    await expect(asked).rejects.toThrow(/stopped|cancelled/);
    expect(states()).toEqual(["CANCELLED"]);
    expect(athena.asked).toContain("StopQueryExecution");
  });

  test("also when its start was never answered", async () => {
    athena.isHeld = true;
    await using engine = await open();
    fail("StartQueryExecution", "drop_after", 1000);
    const asked = engine.query("SELECT 1");
    await vi.waitFor(() => expect(states()).toEqual(["QUEUED"]));
    stopping.abort(new Error("stopped"));
    fail("StartQueryExecution", "drop_after", 1);
    await expect(asked).rejects.toThrow(/stopped|cancelled/);
    expect(states()).toEqual(["CANCELLED"]);
  });

  test("and pays for nothing that was not asked for", async () => {
    await using engine = await open();
    stopping.abort(new Error("stopped"));
    await expect(engine.query("SELECT 1")).rejects.toThrow("stopped");
    expect(states()).toEqual([]);
  });
});

describe("what a query may scan", () => {
  test("must have a limit, as low as is wanted; nothing is asked of Athena before", async () => {
    athena.workgroups.set("free", null);
    await expect(open({ workgroup: "free" })).rejects.toMatchObject({
      code: "refused",
      hint: expect.stringContaining("BytesScannedCutoffPerQuery") as string,
    });
    await expect(open({ maxScanMib: 100 })).rejects.toMatchObject({ code: "refused" });
    await (await open({ maxScanMib: 1024 }))[Symbol.asyncDispose]();
    expect(states()).toEqual([]);
  });

  test("ends a query that goes beyond it, with the reason", async () => {
    athena.workgroups.set("tight", 100);
    await using engine = await open({ workgroup: "tight" });
    await expect(engine.query("SELECT * FROM gps_data")).rejects.toMatchObject({
      code: "refused",
      message: expect.stringContaining("Bytes scanned limit was exceeded") as string,
      hint: expect.stringContaining("fewer columns") as string,
    });
    expect(notes).toEqual([expect.stringContaining("USD")]);
  });
});

describe("what is wrong is said", () => {
  const tables = expect.stringContaining("gps_data, ") as string;

  test("of the grammar and of names, with what tables there are", async () => {
    for (const sql of ["SELEKT 1", "SELECT * FROM nope", "SELECT nope FROM gps_data"])
      await expect(ask(sql)).rejects.toMatchObject({ code: "usage", hint: tables });
    expect(states()).toEqual(["FAILED", "FAILED"]);
  });

  test("of a workgroup that does not exist, and of a catalog that Athena does not see", async () => {
    await expect(open({ workgroup: "nowhere" })).rejects.toMatchObject({
      code: "usage",
      message: expect.stringContaining("WorkGroup nowhere is not found") as string,
      hint: expect.stringContaining("--workgroup") as string,
    });
    const context = { clock: hasty, random: seededRandom(1), signal: stopping.signal, env: {} };
    await expect(
      AthenaEngine.open(
        { catalog: "file", workgroup: "roadstream", maxScanMib: null },
        { ...context, note: () => undefined },
      ),
    ).rejects.toMatchObject({ code: "usage", hint: expect.stringContaining("glue:DATABASE") as string });
  });

  test("of an Athena that stays away, after some minutes", async () => {
    await using engine = await open();
    fail("StartQueryExecution", "error_500", 1000);
    await expect(engine.query("SELECT 1")).rejects.toMatchObject({ code: "unavailable" });
    expect(athena.asked.length).toBe(16);
  });

  test("of a denial, with what the role needs", async () => {
    await using engine = await open();
    fail("StartQueryExecution", "denied", 1);
    await expect(engine.query("SELECT 1")).rejects.toMatchObject({
      code: "refused",
      hint: expect.stringContaining("athena:StartQueryExecution") as string,
    });
  });
});
