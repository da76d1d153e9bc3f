import { nodeZstd } from "@roadstream/shared/adapters";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LoadConnection, type LoadClient } from "./gateway/publish-load.ts";
import { gpsLoad } from "./gateway/readings-load.ts";
import { ServerProcess } from "./gateway/server-process.ts";

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
/** Many short rounds, some tenths of a second for each of the three: a shared machine is slower by half for seconds at a time. */
const ROUNDS = 41;
const SINGLE_PUBLISHES = 15_000;
const BATCHED_PUBLISHES = 5000;
/** Until a server's code is compiled as it stays. */
const WARM_UP_ROUNDS = 4;

const BARE = new URL("gateway/bare-aedes.ts", import.meta.url);
const GATEWAY = new URL("../../../gateway/src/main.ts", import.meta.url);

const SINGLES = { clients: CLIENTS, readings: SINGLE_PUBLISHES, perPublish: 1, zstd: null, seed: 1 };
const BATCHES = {
  clients: CLIENTS,
  readings: BATCHED_PUBLISHES * PER_PUBLISH,
  perPublish: PER_PUBLISH,
  zstd: nodeZstd,
  seed: 2,
};

/** Vehicles that stay connected to a server, and what they publish in a round. */
class Fleet implements Disposable {
  readonly #server: ServerProcess;
  readonly #readings: number;
  readonly #connections: readonly LoadConnection[];

  private constructor(server: ServerProcess, readings: number, connections: readonly LoadConnection[]) {
    this.#server = server;
    this.#readings = readings;
    this.#connections = connections;
  }

  static async connect(server: ServerProcess, readings: number, load: readonly LoadClient[]): Promise<Fleet> {
    const connections = await Promise.all(load.map((client) => LoadConnection.open(server.port, client)));
    return new Fleet(server, readings, connections);
  }

  /** CPU-seconds of the server, per 100,000 readings. */
  async round(): Promise<number> {
    const before = this.#server.cpuSeconds();
    await Promise.all(this.#connections.map((connection) => connection.publishAll(WINDOW)));
    return ((this.#server.cpuSeconds() - before) * 100_000) / this.#readings;
  }

  [Symbol.dispose](): void {
    for (const connection of this.#connections) connection[Symbol.dispose]();
  }
}

/** Compares in one run, the three measured in turn in every round, so that a noisy machine is noisy for all. */
export const benchGateway = async (): Promise<GatewayBench> => {
  const folder = await mkdtemp(join(tmpdir(), "roadstream-bench-"));
  const rounds: Round[] = [];
  try {
    await using bare = await ServerProcess.start(BARE, []);
    await using ours = await ServerProcess.start(GATEWAY, [
      "--listen",
      "mqtt://127.0.0.1:0",
      "--log",
      `sqlite:${join(folder, "log.sqlite")}`,
    ]);
    const singles = (server: ServerProcess): Promise<Fleet> =>
      Fleet.connect(server, SINGLES.readings, gpsLoad({ fleet: "single", ...SINGLES }));
    using reference = await singles(bare);
    using single = await singles(ours);
    using batched = await Fleet.connect(ours, BATCHES.readings, gpsLoad({ fleet: "batched", ...BATCHES }));
    for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
      const measured = {
        reference: await reference.round(),
        single: await single.round(),
        batched: await batched.round(),
      };
      if (round >= 0) rounds.push(measured);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  // Of all rounds together: what comes once in some of them, as a checkpoint of the log does, is a part of the cost.
  const mean = (of: keyof Round): number => rounds.reduce((sum, round) => sum + round[of], 0) / ROUNDS;
  const judge = (of: "single" | "batched", target: number) => {
    const ratio = mean(of) / mean("reference");
    return { ours: mean(of), ratio, target, ok: ratio <= target };
  };
  const judged = judge("single", TARGET_SINGLE);
  const judgedBatched = { ...judge("batched", TARGET_BATCHED), perPublish: PER_PUBLISH };
  return {
    name: "gateway",
    unit: "CPU-seconds per 100,000 readings",
    reference: mean("reference"),
    single: judged,
    batched: judgedBatched,
    ok: judged.ok && judgedBatched.ok,
    rounds,
  };
};
