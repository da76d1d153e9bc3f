import { nodeZstd } from "@roadstream/shared/adapters";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LoadConnection, type LoadClient } from "./gateway/publish-load.ts";
import { gpsLoad } from "./gateway/readings-load.ts";
import { ServerProcess } from "./gateway/server-process.ts";

interface Judged {
  readonly ours: number;
  /** To the reference. */
  readonly ratio: number;
  readonly target: number;
  readonly ok: boolean;
}

interface FleetBench {
  readonly vehicles: number;
  /** aedes alone with nothing behind it, one reading per publish. */
  readonly reference: number;
  /** The gateway with its log in SQLite behind it. */
  readonly single: Judged;
  readonly batched: Judged & { readonly perPublish: number };
  readonly rounds: readonly Round[];
}

export interface GatewayBench extends FleetBench {
  readonly name: "gateway";
  readonly unit: "CPU-seconds per 100,000 readings";
  readonly ok: boolean;
  /** The same for fewer vehicles, which share fewer commits: told, not judged. */
  readonly fewer: FleetBench;
}

interface Round {
  readonly reference: number;
  readonly single: number;
  readonly batched: number;
}

const TARGET_SINGLE = 1.5;
const TARGET_BATCHED = 0.15;
/** Each with one publish on its way: what comes of all meanwhile shares a commit. */
const VEHICLES = 400;
const FEWER_VEHICLES = 100;
const WINDOW = 1;
const PER_PUBLISH = 20;
/** Servers are started anew so often: each settles into a speed of its own, aedes into one of two that differ by a fourth. */
const SITTINGS = 3;
/** Many short rounds, some tenths of a second for each of the three: a shared machine is slower by half for seconds at a time. */
const ROUNDS = 12;
/** Until a server's code is compiled as it stays. */
const WARM_UP_ROUNDS = 4;
const SINGLE_PUBLISHES = 16_000;
const BATCHED_PUBLISHES = 6000;

const BARE = new URL("gateway/bare-aedes.ts", import.meta.url);
const GATEWAY = new URL("../../../gateway/src/main.ts", import.meta.url);

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

/** The three measured in turn in every round, so that a noisy machine is noisy for all. */
const sitting = async (vehicles: number): Promise<readonly Round[]> => {
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
    const connect = (server: ServerProcess, publishes: number, perPublish: number): Promise<Fleet> => {
      const readings = publishes * perPublish;
      const zstd = perPublish === 1 ? null : nodeZstd;
      const fleet = `by-${perPublish}`;
      const load = gpsLoad({ fleet, clients: vehicles, readings, perPublish, zstd, seed: perPublish });
      return Fleet.connect(server, readings, load);
    };
    using reference = await connect(bare, SINGLE_PUBLISHES, 1);
    using single = await connect(ours, SINGLE_PUBLISHES, 1);
    using batched = await connect(ours, BATCHED_PUBLISHES, PER_PUBLISH);
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
  return rounds;
};

const benchFleet = async (vehicles: number): Promise<FleetBench> => {
  const rounds: Round[] = [];
  for (let n = 0; n < SITTINGS; n += 1) rounds.push(...(await sitting(vehicles)));
  // Of all rounds together: what comes once in some of them, as a checkpoint of the log does, is a part of the cost.
  const mean = (of: keyof Round): number => rounds.reduce((sum, round) => sum + round[of], 0) / rounds.length;
  const judge = (of: "single" | "batched", target: number): Judged => {
    const ratio = mean(of) / mean("reference");
    return { ours: mean(of), ratio, target, ok: ratio <= target };
  };
  return {
    vehicles,
    reference: mean("reference"),
    single: judge("single", TARGET_SINGLE),
    batched: { ...judge("batched", TARGET_BATCHED), perPublish: PER_PUBLISH },
    rounds,
  };
};

/** What the gateway costs more than a broker that keeps nothing, and what it saves by taking many readings at once. */
export const benchGateway = async (): Promise<GatewayBench> => {
  const fleet = await benchFleet(VEHICLES);
  return {
    name: "gateway",
    unit: "CPU-seconds per 100,000 readings",
    ok: fleet.single.ok && fleet.batched.ok,
    ...fleet,
    fewer: await benchFleet(FEWER_VEHICLES),
  };
};
