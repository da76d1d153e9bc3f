import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  athenaCell,
  openLake,
  TABLE_NAMES,
  tableDefinition,
  type WrittenLake,
} from "@roadstream/cloud/testing";
import { silentLogger } from "@roadstream/shared";
import { systemClock, systemRandom } from "@roadstream/shared/adapters";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { runStage } from "../processes/start-stage.ts";
import { startMoto, type RunningMoto } from "../services/moto.ts";
import { asOurs, asPrinted, everyRow, everyValueLake } from "../services/readers/every-value.ts";
import { evolvedLake, LARGE } from "../services/readers/evolved-lake.ts";
import { services } from "../services/services.ts";
import { startVersitygw, type RunningVersitygw } from "../services/versitygw.ts";
import { TrinoServer, type TrinoRows } from "./trino-server.ts";

/*
 * The engine whose SQL Athena speaks, over tables that we wrote: found through Glue (moto), read from S3 (versitygw).
 * moto compares no VersionId, so that one worker writes here; the compare-and-set has tests of its own.
 */
const DATABASE = "cars";
const LAKE = "s3://lake/cars";
const DEMO = ["--duration", "3m", "--pace", "max", "--no-open", "--json"];

interface PrintedView {
  readonly name: string;
  readonly sql: string;
}

/** Values as `cloud sql` prints them. Trino's protocol has bytes in base64 already. */
const rowsOf = ({ columns, data }: TrinoRows): readonly Readonly<Record<string, unknown>>[] =>
  data.map((row) =>
    Object.fromEntries(
      columns.map(({ name, type }, index) => {
        const value = row[index] ?? null;
        const plain = type.replace(/\(\d+\)/, "");
        const text = typeof value === "string" || value === null ? value : JSON.stringify(value);
        return [name.toLowerCase(), plain === "varbinary" ? text : athenaCell(text, plain)];
      }),
    ),
  );

describe.skipIf(services("trino", "moto", "versitygw").skip)("Trino through Glue", () => {
  let s3: RunningVersitygw;
  let moto: RunningMoto;
  let trino: TrinoServer;
  let folder: string;
  let env: Readonly<Record<string, string>>;
  let views: readonly PrintedView[];

  const stage = async (name: "cloud" | "demo", ...args: readonly string[]): Promise<string> => {
    const ended = await runStage(name, args, { env, deadlineMs: 300_000 });
    if (ended.code !== 0) throw new Error(`${args.join(" ")}\n${ended.stderr}`);
    return ended.stdout;
  };
  const lake = ["--lake", LAKE, "--catalog", `glue:${DATABASE}`];
  const log = (): string => `sqlite:${join(folder, "log.sqlite")}`;
  const ours = async (sql: string): Promise<unknown> =>
    JSON.parse(
      (await stage("cloud", "sql", sql, ...lake, "--format", "json")).replaceAll(/"(\w+)":/g, (key) =>
        key.toLowerCase(),
      ),
    );

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "roadstream-through-glue-"));
    [s3, moto] = await Promise.all([startVersitygw(), startMoto()]);
    env = { ...s3.env(), AWS_ENDPOINT_URL_GLUE: moto.url, ROADSTREAM_LAKE_CACHE: join(folder, "cache") };
    await moto.ask("glue", "AWSGlue.CreateDatabase", { DatabaseInput: { Name: DATABASE } });
    await stage("demo", "--data", folder, ...DEMO);
    await stage("cloud", "run", "--log", log(), ...lake, "--until-drained");
    views = (JSON.parse(await stage("cloud", "views", ...lake, "--json")) as { views: PrintedView[] }).views;
    trino = await TrinoServer.start({
      glueUrl: moto.url,
      s3Url: `http://127.0.0.1:${s3.port}`,
      database: DATABASE,
      accessKey: s3.env()["AWS_ACCESS_KEY_ID"] ?? "",
      secretKey: s3.env()["AWS_SECRET_ACCESS_KEY"] ?? "",
    });
  });
  afterAll(async () => {
    await trino?.[Symbol.asyncDispose]();
    await moto?.[Symbol.asyncDispose]();
    await s3?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  test.each(["gps_data", "vehicle_data", "traffic_data", "weather_data", "agent_events"])(
    "%s: every value of every column",
    async (table) => {
      const sql = `SELECT * FROM ${table} ORDER BY vehicle_id, boot_id, seq`;
      const rows = rowsOf(await trino.sql(sql));
      expect(rows.length).toBeGreaterThan(0);
      expect(rows).toEqual(await ours(sql));
    },
  );

  describe("over tables with every value of every type", () => {
    const everything = "s3://lake/every";
    let every: WrittenLake;
    beforeAll(async () => {
      for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
      every = await everyValueLake(everything);
    });
    afterAll(async () => {
      await every?.[Symbol.asyncDispose]();
      vi.unstubAllEnvs();
    });

    test.each(TABLE_NAMES)("%s: what was written, and what DuckDB reads", async (name) => {
      const { version } = await every.lake.tables[name].head();
      const [from, file] = [`${everything}/${name}`, `v${version}.metadata.json`];
      await trino.sql(`CALL system.register_table('${DATABASE}', 'every_${name}', '${from}', '${file}')`);
      // Its answers are JSON, which keeps 53 bits of whole numbers.
      const columns = tableDefinition(name).columns.map((column) =>
        column.type === "int64" ? `CAST(${column.name} AS VARCHAR) AS ${column.name}` : column.name,
      );
      const theirs = rowsOf(await trino.sql(`SELECT ${columns.join(", ")} FROM every_${name}`));
      expect(asOurs(name, theirs)).toEqual(asPrinted(everyRow(name)));
      const sql = `SELECT * FROM ${name} ORDER BY log_offset`;
      const printed = await stage("cloud", "sql", sql, "--lake", everything, "--format", "json");
      expect(JSON.parse(printed)).toEqual(asPrinted(everyRow(name)));
    });
  });

  test("prunes by day: no file is read for a day that has none", async () => {
    const { data } = await trino.sql(
      "EXPLAIN ANALYZE SELECT count(*) FROM gps_data WHERE event_at < TIMESTAMP '2020-01-01 00:00:00 UTC'",
    );
    expect(data.flat().join("\n")).toContain("Input: 0 rows (0B)");
  });

  /** Sums of fractions differ in their last digits with the order in which an engine adds; facts are sums of whole numbers. */
  const isExact = (name: string): boolean => /^(?:seed_|fact_|dim_|moments$)/.test(name);

  test("the views of cloud views are made, and give DuckDB's rows", async () => {
    expect(views.length).toBeGreaterThan(20);
    for (const { name, sql } of views) {
      await trino.sql(sql);
      const query = `SELECT * FROM ${name}`;
      const sorted = (rows: unknown): readonly string[] =>
        (rows as readonly unknown[]).map((row) => JSON.stringify(row)).toSorted();
      const [theirs, expected] = [sorted(rowsOf(await trino.sql(query))), sorted(await ours(query))];
      if (isExact(name)) expect(theirs, name).toEqual(expected);
      else expect(theirs.length, name).toBe(expected.length);
    }
  });

  test("a table that was brought up to a contract: old rows with null and the wider type", async () => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    const options = { clock: systemClock(), random: systemRandom(), logger: silentLogger, env };
    await using store = openLake(
      { lake: "s3://lake/evolved", catalog: "file" },
      { ...options, path: (text) => text },
    );
    const { first, second } = await evolvedLake(store);
    await using _first = first;
    const { version } = await second.table.head();
    await trino.sql(
      `CALL system.register_table('${DATABASE}', 'evolved', 's3://lake/evolved/gps_data', 'v${version}.metadata.json')`,
    );
    const { data } = await trino.sql(
      "SELECT seq, satellites_used, vehicle_type FROM evolved WHERE satellites_used >= 1 ORDER BY seq",
    );
    expect(data).toEqual([
      [1, 1, null],
      [3, 3, null],
      [4, LARGE, "car"],
    ]);
    vi.unstubAllEnvs();
  });

  test("a row that Trino writes is foreign, and our next commit stands on it", async () => {
    const { columns } = await trino.sql("SELECT * FROM weather_data LIMIT 0");
    const values = columns.map(({ name }) => (name === "vehicle_id" ? "'another-car'" : name)).join(", ");
    await trino.sql(`INSERT INTO weather_data SELECT ${values} FROM weather_data LIMIT 1`);
    const count = async (): Promise<number> =>
      Number((await trino.sql("SELECT count(*) FROM weather_data")).data[0]?.[0]);
    const before = await count();
    await stage("demo", "--data", folder, "--vehicles", "2", ...DEMO);
    await stage("cloud", "run", "--log", log(), ...lake, "--until-drained");
    expect(await count()).toBeGreaterThan(before);
    const verify = await runStage("cloud", ["verify", ...lake, "--json"], { env, deadlineMs: 120_000 });
    expect(JSON.parse(verify.stdout)).toMatchObject({ totals: { lost: 0, doubled: 0, foreign: 1 } });
  });
});
