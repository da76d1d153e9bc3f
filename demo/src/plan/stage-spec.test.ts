import { geoJsonPlan, parseBenchQuery, Route } from "@roadstream/hardware";
import { parseCommand } from "@roadstream/shared";
import { expect, test } from "vitest";
import { demoCommand, type DemoValues } from "../config.ts";
import { CounterBook } from "../progress/counter-book.ts";
import { parsePrometheusText } from "../progress/prometheus-text.ts";
import { demoPaths } from "./demo-paths.ts";
import { pathPlan } from "./path-plan.ts";
import { drainArgv } from "./stage-spec.ts";

const values = (...argv: readonly string[]): DemoValues => {
  const parsed = parseCommand(demoCommand, { argv, env: {}, readFile: () => "" });
  if (parsed.kind !== "run") throw new Error(JSON.stringify(parsed));
  return parsed.values;
};

const coordinates = [
  [-94, 41],
  [-93.9, 41],
];
const short = geoJsonPlan(JSON.stringify({ type: "LineString", coordinates }), "short");
if (!short.ok) throw new Error(short.reason);
const SHORT = { file: "/roads/short.geojson", road: new Route(short.plan) };

const plan = (
  given: DemoValues,
  options: { known?: readonly string[]; book?: CounterBook; route?: typeof SHORT | null } = {},
) =>
  pathPlan({
    values: given,
    paths: demoPaths("/data"),
    program: "/bin/roadstream",
    mqttPort: 1884,
    route: options.route === undefined ? SHORT : options.route,
    known: options.known ?? [],
    book: options.book ?? new CounterBook(),
  });

/** The value behind a flag. */
const flag = (argv: readonly string[] | undefined, name: string): string | undefined =>
  argv?.[argv.indexOf(name) + 1];

const queryOf = (argv: readonly string[] | undefined) =>
  parseBenchQuery((flag(argv, "--gps") ?? "").replace("simulated?", ""));

test("by default one car drives the whole built-in road at pace 60, on files in the demo's folder", () => {
  const { specs, trips, input } = plan(values(), { route: null });
  const car = specs.cars[0]?.spec.argv();
  expect(specs.cars).toHaveLength(1);
  expect(queryOf(car)).toMatchObject({ seed: 42, pace: 60, duration: null, startAt: null, routeFile: null });
  expect(flag(car, "--data")).toBe("/data/agents/car-1");
  expect(car).toContain("--exit-when-drained");
  expect(flag(specs.gateway.argv(), "--log")).toBe("sqlite:/data/log.sqlite");
  expect(flag(specs.cloud.argv(), "--lake")).toBe("file:/data/lake");
  expect(trips[0]?.durationS).toBeGreaterThan(100 * 60);
  expect(trips[0]?.durationS).toBeLessThan(150 * 60);
  expect(drainArgv(input)).toContain("--until-drained");
});

test("the gateway listens where the cars look for it, and on the same port after a restart", () => {
  const { specs } = plan(values());
  const listen = flag(specs.gateway.argv(), "--listen");
  expect(listen).toBe("mqtt://127.0.0.1:1884");
  expect(flag(specs.gateway.argv(), "--listen")).toBe(listen);
  expect(flag(specs.cars[0]?.spec.argv(), "--mqtt")).toBe(listen);
});

test("each car has a seed and an outbox of its own", () => {
  const { specs } = plan(values("--vehicles", "3", "--seed", "7"));
  const argvs = specs.cars.map(({ spec }) => spec.argv());
  expect(argvs.map((argv) => queryOf(argv).seed)).toEqual([7, 8, 9]);
  expect(new Set(argvs.map((argv) => flag(argv, "--data"))).size).toBe(3);
});

test("what describes the trip reaches the cars; log and lake are passed on as they are", () => {
  const trip = ["--pace", "max", "--duration", "10m", "--start", "2026-05-01T12:00:00Z"];
  const given = values(...trip, "--log", "kafka://b:9092", "--lake", "s3://bucket/x");
  const { specs } = plan(given);
  expect(queryOf(specs.cars[0]?.spec.argv())).toMatchObject({
    pace: "max",
    routeFile: "/roads/short.geojson",
    duration: 600_000,
    startAt: Date.UTC(2026, 4, 1, 12),
  });
  expect(flag(specs.gateway.argv(), "--log")).toBe("kafka://b:9092");
  expect(flag(specs.cloud.argv(), "--log")).toBe("kafka://b:9092");
  expect(flag(specs.cloud.argv(), "--lake")).toBe("s3://bucket/x");
});

test("a car that is started again goes on where it was", () => {
  const book = new CounterBook();
  const { specs } = plan(values("--duration", "5m"), { book });
  const argv = (): readonly string[] | undefined => specs.cars[0]?.spec.argv();
  expect(queryOf(argv()).from).toBe(0);
  const epochs = 'roadstream_agent_outbox_accepted_total{stream="gps_data"}';
  book.note("car-1", 1, parsePrometheusText(`${epochs} 240`));
  expect(queryOf(argv()).from).toBe(240_000);
  book.note("car-1", 2, parsePrometheusText(`${epochs} 900`));
  expect(queryOf(argv()).from).toBe(299_000);
});

test("a car of an earlier run that drives no more delivers what it holds", () => {
  const { specs } = plan(values(), { known: ["car-1", "car-2"] });
  expect(specs.parked.map(({ name }) => name)).toEqual(["car-2"]);
  const argv = specs.parked[0]?.argv();
  expect(flag(argv, "--data")).toBe("/data/agents/car-2");
  expect(argv?.some((word) => word.startsWith("simulated"))).toBe(false);
});
