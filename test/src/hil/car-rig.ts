import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StreamName } from "@roadstream/shared";
import { systemClock } from "@roadstream/shared/adapters";
import { startStage, type Stage } from "../processes/start-stage.ts";
import { Arrivals, type Arrival } from "./arrivals.ts";
import { CarTruth } from "./car-truth.ts";
import { SerialCable } from "./serial-cable.ts";

const VEHICLE = "hil-car";
/** A car whose receiver finds its position early, and that drives at once. */
const SEED = 11;
const REPLY_DEADLINE_MS = 5000;

const flags = (values: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(values).flatMap(([name, value]) => [`--${name}`, value]);

interface SourceEvent {
  readonly kind: string;
  readonly source: unknown;
  readonly reason: unknown;
}

/**
 * The bench, two cables, the unchanged agent and a gateway, each a process of its own; what arrives is read from the
 * gateway's log.
 */
export class CarRig implements AsyncDisposable {
  readonly folder: string;
  readonly truth: CarTruth;
  readonly bench: Stage;
  readonly agent: Stage;
  readonly arrivals: Arrivals;
  readonly gpsCable: SerialCable;
  readonly obdCable: SerialCable;
  readonly #owned: AsyncDisposableStack;

  private constructor(
    parts: Pick<CarRig, "folder" | "truth" | "bench" | "agent" | "arrivals" | "gpsCable" | "obdCable">,
    owned: AsyncDisposableStack,
  ) {
    this.folder = parts.folder;
    this.truth = parts.truth;
    this.bench = parts.bench;
    this.agent = parts.agent;
    this.arrivals = parts.arrivals;
    this.gpsCable = parts.gpsCable;
    this.obdCable = parts.obdCable;
    this.#owned = owned;
  }

  static async start(): Promise<CarRig> {
    await using owned = new AsyncDisposableStack();
    const folder = owned.adopt(mkdtempSync(join(tmpdir(), "roadstream-hil-")), async (path) =>
      rmSync(path, { recursive: true, force: true }),
    );
    const gpsCable = owned.use(await SerialCable.plugged(join(folder, "ttyGPS")));
    const obdCable = owned.use(await SerialCable.plugged(join(folder, "ttyOBD")));
    const log = join(folder, "log.sqlite");
    const gateway = owned.use(
      await startStage(
        "gateway",
        flags({ listen: "mqtt://127.0.0.1:0", log: `sqlite:${log}`, partitions: "1" }),
      ),
    );
    const bench = owned.use(
      await startStage(
        "bench",
        flags({
          "gps-pty": gpsCable.benchPath,
          "obd-pty": obdCable.benchPath,
          simulated: `seed=${SEED}&incidents=none`,
        }),
      ),
    );
    const agent = owned.use(
      await startStage(
        "agent",
        flags({
          vehicle: VEHICLE,
          mqtt: String(gateway.ready.listen),
          data: join(folder, "agent"),
          gps: `${gpsCable.path}:9600`,
          obd: `${obdCable.path}:38400`,
          "system-clock": "none",
          linger: "50ms",
          "metrics-listen": "127.0.0.1:0",
        }),
      ),
    );
    const arrivals = owned.use(await Arrivals.open(log));
    const truth = CarTruth.of(bench.ready, SEED);
    return new CarRig({ folder, truth, bench, agent, arrivals, gpsCable, obdCable }, owned.move());
  }

  /** Turns a knob of the bench, and waits until it is turned. */
  async tell(command: string): Promise<void> {
    const from = this.bench.stdout.count;
    this.bench.stdin.write(`${command}\n`);
    const answer = await this.bench.stdout.until(
      `the bench obeys ${command}`,
      (line) => (line.includes(`${command}: `) ? line : null),
      { deadlineMs: REPLY_DEADLINE_MS, from },
    );
    if (!answer.startsWith("ok ")) throw new Error(answer);
  }

  /** The monotonic time that rows are stamped with. */
  now(): number {
    return systemClock().uptime();
  }

  rows(stream: StreamName): Promise<readonly Arrival[]> {
    return this.arrivals.rows(stream);
  }

  /** Waits for a row measured this long after now or later. */
  rowAfter(
    stream: StreamName,
    delayMs: number,
    options: { readonly deadlineMs?: number } = {},
  ): Promise<Arrival> {
    const after = this.now() + delayMs;
    return this.arrivals.until(stream, `measured after ${after}`, (row) => row.uptime_ms >= after, options);
  }

  /** The losses and returns of a source that the agent has told, in its order, from a time on. */
  async told(source: string, since: number): Promise<readonly SourceEvent[]> {
    const events = await this.rows("agent_events");
    return events
      .filter(({ kind }) => kind === "source_lost" || kind === "source_back")
      .filter(({ detail, uptime_ms }) => detail === source && uptime_ms >= since)
      .map(({ kind, reason }) => ({ kind: String(kind), source, reason }));
  }

  /** When the agent heard the source again. */
  async returns(source: string): Promise<readonly number[]> {
    const events = await this.rows("agent_events");
    return events
      .filter((event) => event["kind"] === "source_back" && event["detail"] === source)
      .map(({ uptime_ms }) => uptime_ms);
  }

  untilTold(source: string, kind: string, since: number, deadlineMs?: number): Promise<Arrival> {
    return this.arrivals.until(
      "agent_events",
      `${kind} of ${source}`,
      (row) => row["kind"] === kind && row["detail"] === source && row.uptime_ms >= since,
      deadlineMs === undefined ? {} : { deadlineMs },
    );
  }

  /** A counter of the agent; 0 while it has not counted. */
  async counted(name: string, labels: string): Promise<number> {
    const text = await (await fetch(new URL("/metrics", String(this.agent.ready.metrics)))).text();
    const line = text.split("\n").find((each) => each.startsWith(`${name}{${labels}} `));
    return line === undefined ? 0 : Number(line.slice(line.lastIndexOf(" ")));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#owned.disposeAsync();
  }
}
