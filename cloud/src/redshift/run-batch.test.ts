import { millis, minutes, seededRandom, seconds, type DurationMs } from "@roadstream/shared";
import { systemClock } from "@roadstream/shared/adapters";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SdkRedshiftRequests } from "../adapters/sdk-redshift-requests.ts";
import type { AwsJsonFault } from "../testing/aws-json-server.ts";
import { DuckDbRedshift } from "../testing/redshift-engine.ts";
import { RedshiftStandIn } from "../testing/redshift-stand-in.ts";
import type { RedshiftRequests } from "./redshift-requests.ts";
import { redshiftSettings } from "./redshift-url.ts";
import { runBatch, type BatchContext } from "./run-batch.ts";

/** Pauses between looks and attempts are a fiftieth. */
const system = systemClock();
const clock = {
  ...system,
  sleep: (for_: DurationMs, signal?: AbortSignal) => system.sleep(millis(for_ / 50), signal),
};

let redshift: RedshiftStandIn;
let stopping: AbortController;
let requests: SdkRedshiftRequests;

beforeEach(async () => {
  stopping = new AbortController();
  redshift = new RedshiftStandIn(await DuckDbRedshift.open());
  vi.stubEnv("AWS_ENDPOINT_URL_REDSHIFT_DATA", await redshift.listen());
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  requests = new SdkRedshiftRequests(
    redshiftSettings("redshift://cluster/cars?cluster=true&user=etl&region=eu-west-1"),
  );
});
afterEach(async () => {
  requests[Symbol.dispose]();
  vi.unstubAllEnvs();
  await redshift[Symbol.asyncDispose]();
});

const run = (statements: readonly string[], more: Partial<BatchContext> = {}) =>
  runBatch(
    { requests, clock, random: seededRandom(1), signal: stopping.signal, limit: minutes(1), ...more },
    { statements, isTransaction: true, token: `token-${redshift.batches.size}` },
  );
const states = () => [...redshift.batches.values()].map(({ status }) => status);
const rows = async (sql: string) => {
  const { statements } = await run([sql]);
  return (await requests.page(statements[0] ?? "", null)).rows;
};

test("a batch is one transaction: it is there whole, or not at all, and Redshift's reason is told", async () => {
  await run(["CREATE TABLE t (n BIGINT NOT NULL)", "INSERT INTO t VALUES (1)"]);
  const failing = run([
    "INSERT INTO t VALUES (2)",
    "INSERT INTO t VALUES (NULL)",
    "INSERT INTO t VALUES (3)",
  ]);
  await expect(failing).rejects.toMatchObject({
    code: "refused",
    message: expect.stringContaining("NOT NULL") as string,
  });
  expect(await rows("SELECT n, n > 0, n / 2, CAST(NULL AS BIGINT), 'text' FROM t")).toEqual([
    ["1", "true", "0.5", null, "text"],
  ]);
});

test.each<[string, AwsJsonFault]>([
  ["BatchExecuteStatement", "drop_before"],
  ["BatchExecuteStatement", "drop_after"],
  ["BatchExecuteStatement", "throttled"],
  ["DescribeStatement", "error_500"],
  ["DescribeStatement", "throttled"],
])("%s, %s: it is asked again, and the batch runs once", async (operation, kind) => {
  await run(["CREATE TABLE t (n BIGINT)"]);
  redshift.fault = { operation, kind, times: 3 };
  await run(["INSERT INTO t VALUES (1)"]);
  expect(await rows("SELECT COUNT(*) FROM t")).toEqual([["1"]]);
});

test("a denial is told at once, with what is needed", async () => {
  redshift.fault = { operation: "BatchExecuteStatement", kind: "denied", times: 9 };
  await expect(run(["SELECT 1"])).rejects.toMatchObject({
    code: "refused",
    hint: expect.stringContaining("docs/redshift.md") as string,
  });
  expect(redshift.asked).toEqual(["BatchExecuteStatement"]);
});

test("what takes too long is cancelled, and nothing of it was done", async () => {
  await run(["CREATE TABLE t (n BIGINT)"]);
  redshift.isHeld = true;
  await expect(run(["INSERT INTO t VALUES (1)"], { limit: millis(50) })).rejects.toMatchObject({
    code: "timeout",
  });
  redshift.isHeld = false;
  expect(states()).toEqual(["FINISHED", "ABORTED"]);
  expect(await rows("SELECT COUNT(*) FROM t")).toEqual([["0"]]);
});

test("a batch that was done before it could be cancelled is done", async () => {
  const slow: RedshiftRequests = {
    start: (batch) => requests.start(batch),
    state: async (id) => {
      await redshift.settled();
      return requests.state(id);
    },
    cancel: (id) => requests.cancel(id),
    page: (id, token) => requests.page(id, token),
  };
  const late = run(["SELECT 1"], { requests: slow, limit: seconds(0) });
  await expect(late).resolves.toMatchObject({ state: "finished" });
  expect(redshift.asked).toContain("CancelStatement");
});

test("a stop cancels the batch, also where its start was never answered", async () => {
  redshift.isHeld = true;
  const first = run(["SELECT 1"]);
  await vi.waitFor(() => expect(redshift.asked).toContain("DescribeStatement"), {
    timeout: 5000,
    interval: 5,
  });
  stopping.abort();
  await expect(first).rejects.toThrow();
  expect(states()).toEqual(["ABORTED"]);
  stopping = new AbortController();
  redshift.fault = { operation: "BatchExecuteStatement", kind: "drop_after", times: 2 };
  const second = run(["SELECT 2"]);
  await vi.waitFor(() => expect(redshift.batches.size).toBe(2), { timeout: 5000, interval: 5 });
  stopping.abort();
  await expect(second).rejects.toThrow();
  expect(states()).toEqual(["ABORTED", "ABORTED"]);
});

test("one that somebody else cancelled is refused", async () => {
  redshift.isHeld = true;
  const running = run(["SELECT 1"]);
  await vi.waitFor(() => expect(redshift.batches.size).toBe(1), { timeout: 5000, interval: 5 });
  for (const { cancel } of redshift.batches.values()) cancel.abort();
  await expect(running).rejects.toMatchObject({ code: "refused" });
});
