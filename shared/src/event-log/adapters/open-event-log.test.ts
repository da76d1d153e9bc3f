import { expect, test } from "vitest";
import { systemClock } from "../../adapters/system-clock.ts";
import { silentLogger } from "../../ports/logger.ts";
import { MemoryMetrics } from "../../ports/metrics.ts";
import { seededRandom } from "../../random/random.ts";
import { openEventLog } from "./open-event-log.ts";
import { sqliteTestBed } from "./sqlite-event-log-test-bed.ts";

const options = {
  clock: systemClock(),
  random: seededRandom(1),
  logger: silentLogger,
  metrics: new MemoryMetrics(),
  env: {},
};

test("sqlite:FILE opens that file", async () => {
  using bed = sqliteTestBed();
  await using log = await openEventLog(`sqlite:${bed.path}`, options);
  await log.createTopics(["t"], 2);
  await using other = bed.open();
  expect(await other.identity("t")).toBe(await log.identity("t"));
});

test("kafka://HOST:PORT asks nobody before it is used", async () => {
  await using log = await openEventLog("kafka://127.0.0.1:1", options);
  expect(log).toBeDefined();
});

test.each(["", "sqlite:", "mysql://x", "kafka://", "kafka://a", "/a/file"])("%j is refused", async (spec) => {
  await expect(openEventLog(spec, options)).rejects.toMatchObject({ code: "usage" });
});

test("a password in what cannot be used is not repeated", async () => {
  const refused = await openEventLog("mysql://me:s3cret@h/x", options).catch(String);
  expect(refused).toContain("not an event log: mysql://me:***@h/x");
});
