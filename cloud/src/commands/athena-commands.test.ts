import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { FACT_VIEW_NAMES } from "../facts/fact-views.ts";
import { AthenaStandIn } from "../testing/athena-stand-in.ts";
import { tinyLake, tinyRecord, type TinyLake } from "../testing/tiny-lake.ts";
import { LAKE_VIEWS } from "../views/lake-views.ts";

/** As people start it; a process costs most of a second. */
const ROADSTREAM = join(import.meta.dirname, "../../../bin/roadstream");

let tiny: TinyLake;
let athena: AthenaStandIn;
let url: string;

beforeAll(async () => {
  tiny = await tinyLake();
  const fix = { fix: "3d", latitude: 1, longitude: 2, heading_deg: 90 };
  await tiny.append([tinyRecord("gps_data", { seq: 1, at: "10:00:01.000" }, fix)]);
  await tiny.land();
  athena = new AthenaStandIn("cars", tiny.lake);
  url = await athena.listen();
});
afterAll(async () => {
  await athena[Symbol.asyncDispose]();
  await tiny[Symbol.asyncDispose]();
});

const start = (...args: readonly string[]) => {
  const env = {
    ...process.env,
    AWS_ENDPOINT_URL_ATHENA: url,
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
  };
  const options = ["--lake", "file:lake", "--catalog", "glue:cars"];
  return spawn(ROADSTREAM, ["cloud", ...args, ...options], { cwd: tiny.folder, env });
};
const ended = async (child: ReturnType<typeof start>) => {
  const [stdout, stderr] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    child.exitCode === null ? once(child, "exit") : null,
  ]);
  return { code: child.exitCode, stdout, stderr };
};

const VIEWS = LAKE_VIEWS.length + FACT_VIEW_NAMES.length;

test("views are printed, made, and asked: rows on stdout, the cost on stderr", async () => {
  const printed = await ended(start("views"));
  expect(printed.stdout.match(/^CREATE OR REPLACE VIEW \w+ AS$/gm)?.length).toBe(VIEWS);
  expect(athena.asked).toEqual([]);
  const made = await ended(start("views", "--create", "--json"));
  expect(JSON.parse(made.stdout)).toMatchObject({ ok: true, created: true, views: { length: VIEWS } });
  expect(made.stderr).toContain("made moments\n");
  const sql = `SELECT device_id, "timestamp", direction FROM seed_gps_data`;
  const asked = await ended(start("sql", sql, "--engine", "athena", "--format", "csv"));
  expect(asked).toMatchObject({
    code: 0,
    stdout: "device_id,timestamp,direction\ncar-1,2026-03-01T10:00:01.000Z,East\n",
    stderr: expect.stringMatching(
      /^Athena scanned [\d.]+ MiB: about [\d.]+ USD at 5 USD per TiB\n$/,
    ) as string,
  });
});

test("Ctrl-C stops the statement in Athena, and is no failure", async () => {
  athena.isHeld = true;
  const child = start("sql", "SELECT 1", "--engine", "athena");
  const running = () => expect([...athena.executions.values()].at(-1)?.state).toBe("RUNNING");
  await vi.waitFor(running, { timeout: 15_000, interval: 20 });
  child.kill("SIGINT");
  expect((await ended(child)).code).toBe(0);
  expect([...athena.executions.values()].at(-1)?.state).toBe("CANCELLED");
});

test("what Athena does not do is said before it is asked", async () => {
  athena.asked.length = 0;
  const made = await ended(start("sql", "DELETE FROM gps_data", "--engine", "athena"));
  expect(made).toMatchObject({ code: 2, stderr: expect.stringContaining("only queries run here") as string });
  expect(athena.asked).toEqual(["GetWorkGroup"]);
});
