import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { runStage, startStage, type Stage, type StageExit } from "../processes/start-stage.ts";
import { freePort } from "../services/free-port.ts";
import { capture } from "./capture.ts";
import { doomEnvironment, type Doom } from "./doom-plan.ts";
import { givenNumbers, type Given } from "./given-numbers.ts";
import { keepRunning, type KeptStage } from "./kept-stage.ts";
import type { KillPlan } from "./kill-plan.ts";

const VEHICLE = "car-1";
const ALL_TABLES = "gps_data,vehicle_data,traffic_data,weather_data,emergency_data,agent_events,dead_letters";
/** A killed worker's partitions are free when its lease has ended, ten seconds later. */
const DEADLINE_MS = 90_000;
/** By then a zombie has met its doom, or the log held less than that; and has felt the ground after it was woken. */
const ZOMBIE_MS = 10_000;
/** Where a second trip begins, so that its readings are not those of the first. */
const SECOND_TRIP_S = 600;
const SECOND_TRIP_EPOCHS = 60;

/** What the car promised in one start of its agent: numbers 1..given, the first of which is second `fromS`. */
export interface Promised extends Given {
  readonly fromS: number;
}

type Trip = Pick<KillPlan, "broker" | "agent" | "gateway" | "landing" | "epochs"> & {
  readonly fromS: number;
};

/** One car, one gateway, one log and one lake, each stage a process of its own, in a folder of their own. */
export class KillRun implements AsyncDisposable {
  readonly lake: string;
  readonly promised: Promised[] = [];
  /** The stages that met a doom. */
  readonly met = new Set<string>();
  readonly #plan: KillPlan;
  readonly #folder: string;
  readonly #log: string;
  readonly #open = new AsyncDisposableStack();
  #port = 0;

  constructor(plan: KillPlan, folder: string) {
    this.#plan = plan;
    this.#folder = folder;
    this.lake = join(folder, "lake");
    this.#log = join(folder, "log.sqlite");
  }

  async run(): Promise<void> {
    const { cloud, log } = this.#plan;
    await mkdir(this.#folder, { recursive: true });
    this.#port = await freePort();
    await this.#drive({ ...this.#plan, fromS: 0 });
    if (cloud?.signal === "SIGSTOP") await this.#landBesideZombie(cloud);
    else await this.#land(cloud);
    if (log === "replaced") await this.#replaceLog();
  }

  verify(): Promise<StageExit> {
    return this.#cloud(["verify", "--json"], null);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#open.disposeAsync();
  }

  /** A trip, until the log has everything that the agent kept. */
  async #drive(trip: Trip): Promise<void> {
    const file = join(this.#folder, `from-${trip.fromS}.nmea`);
    await writeFile(file, capture(trip.fromS, trip.epochs));
    const gps = ["--gps", `file:${file}`];
    const end =
      trip.broker === "there" ? await this.#serveAndDrive(trip, gps) : await this.#driveAlone(trip, gps);
    expectEnd(end, "agent");
  }

  async #serveAndDrive(trip: Trip, gps: readonly string[]): Promise<StageExit> {
    const gateway = await this.#serve(trip.gateway);
    const options = { env: doomEnvironment(trip.agent), deadlineMs: DEADLINE_MS };
    const worker = trip.landing === "meanwhile" ? await this.#worker(null) : null;
    const end = await this.#drained(trip, await runStage("agent", this.#agent(gps), options));
    await gateway.stop();
    if (worker !== null) expectEnd(await worker.stop(), "cloud");
    return end;
  }

  /** Without anybody to talk to; then a gateway comes, and the agent, or one that is started in its place, talks. */
  async #driveAlone(trip: Trip, gps: readonly string[]): Promise<StageExit> {
    const agent = this.#open.use(
      await startStage("agent", this.#agent(gps), { env: doomEnvironment(trip.agent) }),
    );
    await Promise.race([agent.logged("source_ended"), agent.exit]);
    if (trip.broker === "away_killed") await agent.kill9();
    const gateway = await this.#serve(trip.gateway);
    const end = await this.#drained(trip, await agent.exit);
    await gateway.stop();
    return end;
  }

  /** An agent that was killed is started again, without sources, and ends when its outbox is empty. */
  async #drained(trip: Trip, end: StageExit): Promise<StageExit> {
    if (end.signal === null) expectEnd(end, "agent");
    await this.#remember(trip.fromS);
    if (end.signal === null) return end;
    this.met.add("agent");
    return runStage("agent", this.#agent([]), { deadlineMs: DEADLINE_MS });
  }

  async #land(doom: Doom | null): Promise<void> {
    let end = await this.#cloud(["run", "--until-drained"], doom);
    if (end.signal !== null) {
      this.met.add("cloud");
      end = await this.#cloud(["run", "--until-drained"], null);
    }
    expectEnd(end, "cloud");
  }

  /** One worker is stopped in the middle of a commit, another lands everything when its lease has ended, the first goes on. */
  async #landBesideZombie(doom: Doom): Promise<void> {
    const zombie = await this.#worker(doom);
    const isStopped = await happens(zombie, "doomed");
    if (isStopped) this.met.add("cloud");
    await this.#land(null);
    zombie.signal("SIGCONT");
    if (isStopped)
      await Promise.race([happens(zombie, "conflict"), happens(zombie, "committed"), zombie.exit]);
    expectEnd(await zombie.stop(), "cloud");
  }

  /** The log is deleted while nobody looks, and a new one filled: it is refused, and taken on when somebody says so. */
  async #replaceLog(): Promise<void> {
    for (const file of await readdir(this.#folder))
      if (file.startsWith(basename(this.#log))) await rm(join(this.#folder, file));
    await this.#drive({
      fromS: SECOND_TRIP_S,
      epochs: SECOND_TRIP_EPOCHS,
      broker: "there",
      agent: null,
      gateway: null,
      landing: "afterwards",
    });
    const refused = await this.#cloud(["run", "--until-drained"], null);
    if (refused.code !== 1 || !refused.stderr.includes("--accept-log-change gps_data"))
      throw new Error(`a replaced log was not refused: ${refused.code} ${refused.stderr}`);
    this.met.add("log");
    expectEnd(
      await this.#cloud(["run", "--until-drained", "--accept-log-change", ALL_TABLES], null),
      "cloud",
    );
  }

  get #places(): readonly string[] {
    return ["--log", `sqlite:${this.#log}`, "--lake", `file:${this.lake}`];
  }

  #cloud([command = "", ...args]: readonly string[], doom: Doom | null): Promise<StageExit> {
    const options = { env: doomEnvironment(doom), deadlineMs: DEADLINE_MS };
    return runStage("cloud", [command, ...this.#places, ...args], options);
  }

  /** One that commits often, until it is stopped. */
  async #worker(doom: Doom | null): Promise<Stage> {
    const args = ["run", ...this.#places, "--commit-interval", "50ms"];
    return this.#open.use(await startStage("cloud", args, { env: doomEnvironment(doom) }));
  }

  #agent(more: readonly string[]): readonly string[] {
    const broker = `mqtt://127.0.0.1:${this.#port}`;
    const own = ["--vehicle", VEHICLE, "--mqtt", broker, "--data", join(this.#folder, "agent")];
    return [...own, "--system-clock", "none", "--linger", "5ms", "--exit-when-drained", ...more];
  }

  #serve(doom: Doom | null): Promise<KeptStage> {
    const listen = `mqtt://127.0.0.1:${this.#port}`;
    const args = ["--listen", listen, "--log", `sqlite:${this.#log}`, "--partitions", "2"];
    const start = async (with_: Doom | null): Promise<Stage> =>
      this.#open.use(await startStage("gateway", args, { env: doomEnvironment(with_) }));
    return keepRunning(start, doom, () => this.met.add("gateway"));
  }

  /** What the dead or ended agent's disk says it gave. */
  async #remember(fromS: number): Promise<void> {
    const known = new Set(this.promised.map(({ bootId }) => bootId));
    for (const one of await givenNumbers(join(this.#folder, "agent")))
      if (!known.has(one.bootId)) this.promised.push({ ...one, fromS });
  }
}

const expectEnd = (end: StageExit, stage: string): void => {
  if (end.code !== 0) throw new Error(`the ${stage} ended with ${end.code ?? end.signal}: ${end.stderr}`);
};

const happens = (stage: Stage, event: string): Promise<boolean> =>
  stage.logged(event, { deadlineMs: ZOMBIE_MS }).then(
    () => true,
    () => false,
  );
