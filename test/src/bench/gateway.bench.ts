import { nodeZstd } from "@roadstream/shared/adapters";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LoadConnection, type LoadClient } from "./gateway/publish-load.ts";
import { gpsLoad } from "./gateway/readings-load.ts";
import { ServerProcess } from "./gateway/server-process.ts";
import { median } from "./measure.ts";

export interface GatewayBench {
  readonly name: "gateway";
  readonly unit: "CPU-seconds per 100,000 readings";
  /** aedes alone with nothing behind it, one reading per publish. */
  readonly reference: number;
  /** The gateway with its log in SQLite behind it. */
  readonly single: {
    readonly ours: number;
    readonly ratio: number;
    readonly target: number;
    readonly ok: boolean;
  };
  readonly batched: {
    readonly ours: number;
    readonly ratio: number;
    readonly target: number;
    readonly ok: boolean;
    readonly perPublish: number;
  };
  readonly ok: boolean;
  readonly rounds: readonly Round[];
}

interface Round {
  readonly reference: number;
  readonly single: number;
  readonly batched: number;
}

const TARGET_SINGLE = 1.5;
const TARGET_BATCHED = 0.15;
const CLIENTS = 100;
const WINDOW = 1;
const PER_PUBLISH = 20;
const READINGS = 50_000;
const WARM_UP = 20_000;
/** Batches are so cheap that more are needed to be measured in ticks of 10 ms. */
const BATCHED_READINGS = 200_000;
/** Many short ones: a machine that others share is slower by half for seconds at a time. */
const ROUNDS = 11;

const BARE = new URL("gateway/bare-aedes.ts", import.meta.url);
const GATEWAY = new URL("../../../gateway/src/main.ts", import.meta.url);

/** CPU-seconds of a warm server for a load of clients that are connected, per 100,000 readings. */
const measure = async (
  server: ServerProcess,
  load: readonly LoadClient[],
  readings: number,
): Promise<number> => {
  using connections = new DisposableStack();
  const open = await Promise.all(load.map((client) => LoadConnection.open(server.port, client)));
  for (const connection of open) connections.use(connection);
  const before = server.cpuSeconds();
  await Promise.all(open.map((connection) => connection.publishAll(WINDOW)));
  return ((server.cpuSeconds() - before) * 100_000) / readings;
};

/** Compares in one run, the three measured in turn in every round, so that a noisy machine is noisy for all. */
export const benchGateway = async (): Promise<GatewayBench> => {
  const folder = await mkdtemp(join(tmpdir(), "roadstream-bench-"));
  const single = (readings: number) =>
    gpsLoad({ clients: CLIENTS, readings, perPublish: 1, zstd: null, seed: 1 });
  const batched = (readings: number) =>
    gpsLoad({ clients: CLIENTS, readings, perPublish: PER_PUBLISH, zstd: nodeZstd, seed: 2 });
  const singles = single(READINGS);
  const batches = batched(BATCHED_READINGS);
  const rounds: Round[] = [];
  try {
    await using bare = await ServerProcess.start(BARE, []);
    await using ours = await ServerProcess.start(GATEWAY, [
      "--listen",
      "mqtt://127.0.0.1:0",
      "--log",
      `sqlite:${join(folder, "log.sqlite")}`,
    ]);
    await measure(bare, single(WARM_UP), WARM_UP);
    await measure(ours, single(WARM_UP), WARM_UP);
    await measure(ours, batched(WARM_UP), WARM_UP);
    for (let round = 0; round < ROUNDS; round += 1) {
      rounds.push({
        reference: await measure(bare, singles, READINGS),
        single: await measure(ours, singles, READINGS),
        batched: await measure(ours, batches, BATCHED_READINGS),
      });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const judge = (of: "single" | "batched", target: number) => {
    const ratio = median(rounds.map((round) => round[of] / round.reference));
    return { ours: median(rounds.map((round) => round[of])), ratio, target, ok: ratio <= target };
  };
  const judged = judge("single", TARGET_SINGLE);
  const judgedBatched = { ...judge("batched", TARGET_BATCHED), perPublish: PER_PUBLISH };
  return {
    name: "gateway",
    unit: "CPU-seconds per 100,000 readings",
    reference: median(rounds.map((round) => round.reference)),
    single: judged,
    batched: judgedBatched,
    ok: judged.ok && judgedBatched.ok,
    rounds,
  };
};
