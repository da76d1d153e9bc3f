import { mkdtempSync, rmSync } from "node:fs";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runStage, startStage, type Stage } from "../processes/start-stage.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "roadstream-receipts-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
};

const log = (): string => `sqlite:${folder}/log.sqlite`;
const lake = (): string => `file:${folder}/lake`;
const startGateway = (port: number): Promise<Stage> =>
  startStage("gateway", ["--listen", `mqtt://127.0.0.1:${port}`, "--log", log()]);
const agentArgs = (port: number, ...more: readonly string[]): string[] => {
  const mqtt = `mqtt://127.0.0.1:${port}`;
  const known = ["--vehicle", "car-1", "--mqtt", mqtt, "--data", join(folder, "car-1")];
  return [...known, "--forget", "settled", "--json", ...more];
};

interface AgentReport {
  readonly held: number;
  readonly awaiting_receipt: number;
}

test("no cloud stage, then a log that is lost with all that it had acknowledged: a car that waits for receipts has it all", async () => {
  const port = await freePort();
  await using first = await startGateway(port);
  const trip = await runStage("agent", agentArgs(port, "--gps", "simulated?pace=60", "--duration", "2s"));
  expect(trip, trip.stderr).toMatchObject({ code: 0 });
  const { held, awaiting_receipt } = JSON.parse(trip.stdout) as AgentReport;
  expect(held).toBeGreaterThan(60);
  // The gateway had acknowledged every one.
  expect(awaiting_receipt).toBe(held);
  await first.stop();
  for (const suffix of ["", "-wal", "-shm"]) rmSync(`${folder}/log.sqlite${suffix}`, { force: true });

  await using second = await startGateway(port);
  const run = ["run", "--log", log(), "--lake", lake(), "--commit-interval", "200ms"];
  await using cloud = await startStage("cloud", run);
  const home = await runStage("agent", agentArgs(port, "--exit-when-drained"));
  expect(home, home.stderr).toMatchObject({ code: 0 });
  expect(JSON.parse(home.stdout)).toMatchObject({ held: 0, awaiting_receipt: 0 });
  expect((await cloud.stop()).code).toBe(0);
  await second.stop();
  const verify = await runStage("cloud", ["verify", "--lake", lake(), "--log", log(), "--json"]);
  expect(verify, verify.stderr).toMatchObject({ code: 0 });
  const { totals } = JSON.parse(verify.stdout) as { totals: { given: number; landed: number; lost: number } };
  expect(totals.given).toBeGreaterThan(held);
  expect(totals).toMatchObject({ landed: totals.given, lost: 0, doubled: 0 });
});
