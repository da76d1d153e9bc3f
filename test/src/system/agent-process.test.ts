import { createServer as createHttp } from "node:http";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NmeaParser, reportsFix } from "@roadstream/agent";
import { Bench, OMAHA_TO_DES_MOINES, Route } from "@roadstream/hardware";
import {
  logTopics,
  minutes,
  parseCheckpoint,
  silentLogger,
  MemoryMetrics,
  unixMillis,
  uptimeMillis,
  type StreamName,
} from "@roadstream/shared";
import { systemClock, systemRandom } from "@roadstream/shared/adapters";
import { openEventLog } from "@roadstream/shared/event-log";
import { Aedes } from "aedes";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runStage, startStage, type Stage } from "../processes/start-stage.ts";

type Row = Readonly<Record<string, unknown>>;

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "roadstream-agent-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const START_AT = unixMillis(Date.UTC(2026, 0, 24, 10));

/** What the bench's receiver says in the first ten minutes of a trip, cold start and all. */
const capture = async (): Promise<Uint8Array> => {
  await using bench = new Bench({
    clock: systemClock(),
    route: new Route(OMAHA_TO_DES_MOINES),
    seed: 7,
    pace: "max",
    startAt: START_AT,
    duration: minutes(10),
  });
  const never = new AbortController().signal;
  await using channel = await bench.gps.open(never);
  const chunks: Uint8Array[] = [];
  for await (const chunk of channel.read(never)) chunks.push(chunk);
  return Buffer.concat(chunks);
};

/** How many epochs of the capture speak of the fix: each is one row. */
const epochsIn = (bytes: Uint8Array): number => {
  const parser = new NmeaParser();
  parser.push(bytes);
  parser.end();
  let count = 0;
  const now = uptimeMillis(0);
  for (let epoch = parser.next(now); epoch !== null; epoch = parser.next(now))
    if (reportsFix(epoch)) count += 1;
  return count;
};

const startGateway = (env: Record<string, string> = {}, port = 0): Promise<Stage> =>
  startStage("gateway", ["--listen", `mqtt://127.0.0.1:${port}`, "--log", `sqlite:${folder}/log.sqlite`], {
    env,
  });

const agentArgs = (mqtt: string, ...more: readonly string[]): string[] => [
  "--vehicle",
  "car-1",
  "--mqtt",
  mqtt,
  "--data",
  join(folder, "car-1"),
  "--system-clock",
  "ntp",
  ...more,
];

/** All rows of a stream in the event log, in each partition's order. */
const rowsOf = async (stream: StreamName): Promise<Row[]> => {
  const parts = {
    clock: systemClock(),
    random: systemRandom(),
    logger: silentLogger,
    metrics: new MemoryMetrics(),
    env: {},
  };
  await using log = await openEventLog(`sqlite:${folder}/log.sqlite`, parts);
  const topic = logTopics({}).streams[stream];
  const rows: Row[] = [];
  for (let partition = 0; partition < ((await log.partitions(topic)) ?? 0); partition += 1) {
    const { start, end } = await log.range({ topic, partition });
    for (let next = start; next < end;) {
      const slice = await log.read({ topic, partition }, next, 1 << 20);
      if ("kind" in slice) throw new Error(slice.kind);
      rows.push(
        ...slice.values.map((value) => JSON.parse(Buffer.from(value, "latin1").toString("utf8")) as Row),
      );
      next = (slice.offsets.at(-1) ?? end) + 1;
    }
  }
  return rows;
};

const seqsOf = (rows: readonly Row[]): number[] => rows.map(({ seq }) => Number(seq)).sort((a, b) => a - b);
const upTo = (last: number): number[] => Array.from({ length: last }, (_, n) => n + 1);

/** A port that nobody listens on. */
const freePort = async (): Promise<number> => {
  const server = createHttp().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
};

test("a capture is replayed once and whole: every epoch is one row, and the agent ends with 0", async () => {
  const bytes = await capture();
  const expected = epochsIn(bytes);
  expect(expected).toBeGreaterThan(570);
  writeFileSync(join(folder, "drive.nmea"), bytes);
  await using gateway = await startGateway();
  const mqtt = String(gateway.ready.listen);
  const run = await runStage(
    "agent",
    agentArgs(mqtt, "--gps", `file:${folder}/drive.nmea`, "--exit-when-drained", "--json"),
  );
  expect(run, run.stderr).toMatchObject({ code: 0 });
  expect(JSON.parse(run.stdout)).toMatchObject({ ok: true, held: 0 });
  const rows = await rowsOf("gps_data");
  expect(seqsOf(rows)).toEqual(upTo(expected));
  expect(new Set(rows.map(({ boot_id }) => boot_id)).size).toBe(1);
  const times = rows.map((row) => row["fix_at"]).filter((at) => at !== undefined && at !== null);
  expect(new Set(times).size).toBe(times.length);
  expect(rows.some(({ fix }) => fix === "none")).toBe(true);
  const fixed = rows.filter(({ fix }) => fix === "3d");
  expect(fixed.length).toBeGreaterThan(500);
  for (const row of fixed) {
    expect(row).toMatchObject({ clock: "gnss", captured_at: row["fix_at"] });
    expect(row["fix_at"]).toMatch(/^2026-01-24T10:(0\d|10:00)/);
    expect(Number(row["latitude"])).toBeCloseTo(41.2, 0);
  }
  const events = await rowsOf("agent_events");
  expect(events.map(({ kind }) => kind)).toEqual(["started", "config_applied", "stopped", "checkpoint"]);
  const said = parseCheckpoint(String(events.at(-1)?.["detail"]))?.boots.at(-1);
  expect(said).toMatchObject({
    closed: true,
    streams: { gps_data: { given: expected, acknowledged: [[1, expected]] } },
  });
  expect((await gateway.stop()).code).toBe(0);
});

test.each<[string, readonly string[], RegExp]>([
  [
    "a misspelt option",
    ["--vehicel", "x"],
    /unknown option --vehicel; did you mean --vehicle\?[^]*Try: roadstream agent --help/,
  ],
  ["a capture that is not there", ["--gps", "file:none.nmea"], /--gps: cannot read the capture/],
  ["a certificate that is not there", ["--mqtt-ca", "none.pem"], /--mqtt-ca: .*no such file/],
])("%s is wrong usage: said on stderr, exit 2, nothing started", async (_, more, problem) => {
  const run = await runStage("agent", agentArgs("mqtts://127.0.0.1:1", ...more));
  expect(run.code).toBe(2);
  expect(run.stderr).toMatch(problem);
  expect(run.stdout).toBe("");
  expect(existsSync(join(folder, "car-1"))).toBe(false);
});

test("an emergency of an outage is on the disk at once, outlives the agent, and is the first to arrive", async () => {
  const port = await freePort();
  const url = `mqtt://127.0.0.1:${port}`;
  const metrics = ["--metrics-listen", "127.0.0.1:0"];
  await using agent = await startStage("agent", agentArgs(url, "--emergency", "signal", ...metrics));
  const accepted = async (): Promise<number> => {
    const text = await (await fetch(`${agent.ready.metrics}/metrics`)).text();
    return Number(/readings_accepted_total\{stream="emergency_data"\} (\d+)/.exec(text)?.[1] ?? 0);
  };
  await agent.logged("uplink_unreachable", { fields: { code: "unavailable" } });
  agent.signal("SIGUSR1");
  await expect.poll(accepted, { timeout: 10_000 }).toBe(1);
  const began = performance.now();
  expect((await agent.stop()).code).toBe(0);
  expect(performance.now() - began).toBeLessThan(10_000);
  await using gateway = await startGateway({}, port);
  const run = await runStage("agent", agentArgs(url, "--exit-when-drained"));
  expect(run, run.stderr).toMatchObject({ code: 0 });
  const [emergency] = await rowsOf("emergency_data");
  expect(emergency).toMatchObject({ seq: 1, type: "medical", status: "active", source: "button" });
  const events = await rowsOf("agent_events");
  expect(Date.parse(String(emergency?.["received_at"]))).toBeLessThanOrEqual(
    Math.min(...events.map((row) => Date.parse(String(row["received_at"])))),
  );
  const said = parseCheckpoint(String(events.at(-1)?.["detail"]));
  expect(said?.boots.every(({ closed }) => closed)).toBe(true);
  await gateway.stop();
});

test("refused credentials are said clearly, tried on, and never printed", async () => {
  const secret = "hunter2-of-the-fleet";
  await using gateway = await startGateway({ ROADSTREAM_MQTT_PASSWORD: "the-right-one" });
  const env = { ROADSTREAM_MQTT_PASSWORD: secret };
  await using agent = await startStage("agent", agentArgs(String(gateway.ready.listen)), { env });
  const first = await agent.logged("uplink_unreachable", { fields: { code: "refused" } });
  expect(String(first["error"])).toMatch(/the broker refused the connection/);
  await agent.logged("uplink_unreachable", { fields: { code: "refused" }, from: agent.stderr.count });
  const end = await agent.stop();
  expect(end.code).toBe(0);
  expect(end.stderr + end.stdout).not.toContain(secret);
  for (const file of ["outbox.sqlite", "outbox.sqlite-wal"]) {
    const path = join(folder, "car-1", file);
    if (existsSync(path)) expect(readFileSync(path).includes(secret)).toBe(false);
  }
  await gateway.stop();
});

test("a broker that acknowledges no reading does not hold up a stop, and a second signal ends at once", async () => {
  const broker = await Aedes.createBroker();
  // The presence gets through; readings are held for ever.
  broker.authorizePublish = (_, { topic }, done) => {
    if (topic.endsWith("/status")) done(null);
  };
  const server = createServer((socket) => void broker.handle(socket)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    await using patient = await startStage("agent", agentArgs(url));
    await patient.logged("uplink_connected");
    const began = performance.now();
    expect((await patient.stop()).code).toBe(0);
    expect(performance.now() - began).toBeLessThan(10_000);
    await using hasty = await startStage("agent", agentArgs(url));
    await hasty.logged("uplink_connected");
    const stopping = performance.now();
    hasty.signal("SIGTERM");
    await hasty.logged("stopping");
    hasty.signal("SIGTERM");
    // A clean stop would end with 0; one that is too slow, with 1 after ten seconds.
    expect((await hasty.exit).code).toBe(1);
    expect(performance.now() - stopping).toBeLessThan(8000);
  } finally {
    await new Promise<void>((resolve) => broker.close(() => resolve()));
    await new Promise((resolve) => server.close(resolve));
  }
});
