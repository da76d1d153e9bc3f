import { seededRandom, type Random } from "@roadstream/shared";
import { EXIT_CODES } from "@roadstream/shared/adapters";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { capture } from "../kills/capture.ts";
import { doomEnvironment } from "../kills/doom-plan.ts";
import { givenNumbers } from "../kills/given-numbers.ts";
import type { Promised } from "../kills/kill-run.ts";
import { oneVehicleIn } from "../processes/fleet-names.ts";
import { runStage, startStage, type Stage, type StageExit } from "../processes/start-stage.ts";
import type { S3LineFault } from "../services/faulty-s3-line.ts";
import { freePort } from "../services/free-port.ts";
import { KeptProgram } from "./kept-program.ts";
import type { StormBed, StormPlace } from "./storm-bed.ts";
import { KEPT, type Blow, type Kept, type Service, type StormPlan } from "./storm-plan.ts";

const PARTITIONS = 2;
/** Of one step, on a machine that does much else. */
const DEADLINE_MS = 180_000;
/** So long after an outage a stage may still end because of it. */
const AFTERMATH_MS = 20_000;
const LATE_EVERY_MS = 150;
/** Each a new boot of the car, and a few commits. */
const TRIPS_BESIDE_COMPACTION = 4;
/** One in each partition, so that both workers commit to one table. */
const VEHICLES = oneVehicleIn(PARTITIONS);
const LINE_FAULTS: readonly S3LineFault[] = [
  "lost_request",
  "lost_answer",
  "late",
  { status: 500, code: "InternalError" },
  { status: 503, code: "SlowDown" },
  { status: 409, code: "ConditionalRequestConflict" },
];

/** Two cars, a gateway, Kafka, two workers and a lake on S3; then everything of the plan happens to them. */
export class StormRun implements AsyncDisposable {
  readonly place: StormPlace;
  readonly promised: Promised[] = [];
  readonly #plan: StormPlan;
  readonly #bed: StormBed;
  readonly #kept = new Map<Kept, KeptProgram>();
  readonly #open = new AsyncDisposableStack();
  readonly #random: Random;
  readonly #absences = new Map<Service, Promise<void>>();
  #blows: readonly Promise<void>[] = [];
  #isDriving = true;
  #compacted = 0;
  #port = 0;
  #outages = 0;
  #quietSince = 0;

  constructor(plan: StormPlan, bed: StormBed) {
    this.#plan = plan;
    this.#bed = bed;
    this.place = bed.fresh();
    this.#random = seededRandom(plan.seed);
  }

  async run(): Promise<void> {
    await mkdir(this.place.folder, { recursive: true });
    this.#port = await freePort();
    this.#bed.line.fault = () => this.#lineFault();
    for (const who of KEPT) this.#keep(who);
    const late = setInterval(() => void this.#bed.line.deliverLate().catch(() => undefined), LATE_EVERY_MS);
    const timer = new AbortController();
    try {
      this.#blows = this.#plan.blows.map((blow) => this.#strike(blow));
      const drives = Promise.all(VEHICLES.map((vehicle, i) => this.#drive(vehicle, i)));
      const driven = drives.finally(() => (this.#isDriving = false));
      const trip = Promise.all([driven, ...this.#blows, ...(this.#plan.compacts ? [this.#compact()] : [])]);
      const failures = [...this.#kept.values()].map(({ failed }) => failed);
      await Promise.race([trip, ...failures, this.#tooLate(timer.signal)]);
    } finally {
      clearInterval(late);
      timer.abort();
    }
    for (const program of this.#kept.values()) await program.stop();
    this.#bed.line.fault = () => null;
    while (await this.#bed.line.deliverLate());
    // A group of its own does not wait for the sessions of the dead: the tables alone say what has landed.
    expectEnd(await this.#cloud("run", "--until-drained", "--group", "after"), "cloud");
  }

  verify(): Promise<StageExit> {
    return this.#cloud("verify", "--json");
  }

  /** How often batches of the workers met each other's, as far as the kept snapshots say. */
  async conflicts(): Promise<number> {
    const { lake, env } = this.place;
    const end = await runStage("cloud", ["status", "--lake", lake, "--json"], {
      env,
      deadlineMs: DEADLINE_MS,
    });
    expectEnd(end, "status");
    const { tables } = JSON.parse(end.stdout) as { tables: readonly { readonly conflicts: number }[] };
    return tables.reduce((sum, { conflicts }) => sum + conflicts, 0);
  }

  /** How often programs were killed, gave up in an outage, and were slow to stop; how many files were compacted. */
  get met(): {
    readonly killed: number;
    readonly gaveUp: number;
    readonly slowStops: number;
    readonly compacted: number;
  } {
    const all = [...this.#kept.values()];
    return {
      compacted: this.#compacted,
      killed: all.reduce((sum, { killed }) => sum + killed, 0),
      gaveUp: all.reduce((sum, { gaveUp }) => sum + gaveUp, 0),
      slowStops: all.reduce((sum, { slowStops }) => sum + slowStops, 0),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A run that failed early leaves no service away for the next one.
    await Promise.allSettled(this.#blows);
    for (const program of this.#kept.values()) await program[Symbol.asyncDispose]();
    await this.#open.disposeAsync();
  }

  #keep(who: Kept): void {
    const { log, lake, env, name: group } = this.place;
    const args =
      who === "gateway"
        ? ["--listen", `mqtt://127.0.0.1:${this.#port}`, "--log", log, "--partitions", String(PARTITIONS)]
        : ["run", "--log", log, "--lake", lake, "--group", group, "--commit-interval", "100ms"];
    const start = async (isFirst: boolean): Promise<Stage> => {
      const fate = isFirst
        ? doomEnvironment(this.#plan.dooms[who] ?? null, this.#plan.jumps[who] ?? null)
        : {};
      const name = who === "gateway" ? "gateway" : "cloud";
      const options = { env: { ...env, ...fate }, deadlineMs: DEADLINE_MS };
      return this.#open.use(await startStage(name, args, options));
    };
    const isDoomed = this.#plan.dooms[who] !== undefined;
    this.#kept.set(who, new KeptProgram({ start, mayFail: () => this.#isOutage(), isDoomed }));
  }

  /** Trips one after the other, so that there is always more to come while tables are compacted. */
  async #drive(vehicle: string, index: number): Promise<void> {
    for (let trip = 0; trip < (this.#plan.compacts ? TRIPS_BESIDE_COMPACTION : 1); trip += 1)
      await this.#trip(vehicle, {
        isDoomed: index + trip === 0,
        name: `${vehicle}-${trip}`,
        fromS: 1000 * index + 250 * trip,
      });
  }

  /** Until the log has everything that the agent kept. */
  async #trip(
    vehicle: string,
    { isDoomed, name, fromS }: { readonly isDoomed: boolean; readonly name: string; readonly fromS: number },
  ): Promise<void> {
    const data = join(this.place.folder, name);
    const file = `${data}.nmea`;
    await writeFile(file, capture(fromS, this.#plan.epochs));
    const own = ["--vehicle", vehicle, "--mqtt", `mqtt://127.0.0.1:${this.#port}`, "--data", data];
    const args = [...own, "--system-clock", "none", "--linger", "20ms", "--exit-when-drained"];
    const doom = isDoomed ? (this.#plan.dooms.agent ?? null) : null;
    let end = await this.#agent([...args, "--gps", `file:${file}`], doomEnvironment(doom));
    for (const given of await givenNumbers(data)) this.promised.push({ ...given, fromS });
    if (end.signal !== null) end = await this.#agent(args, {});
    expectEnd(end, "agent");
  }

  /** Again and again, while the cars drive, from before there are tables; services may be away. */
  async #compact(): Promise<void> {
    const { lake, env } = this.place;
    while (this.#isDriving) {
      const args = ["compact", "gps_data", "agent_events", "--today", "--lake", lake, "--json"];
      const end = await runStage("cloud", args, { env, deadlineMs: DEADLINE_MS });
      const mayFail = end.code === EXIT_CODES.usage || this.#isOutage() || this.#plan.lossPercent > 0;
      if (end.code !== 0 && !mayFail) expectEnd(end, "compaction");
      if (end.code !== 0) continue;
      const { tables } = JSON.parse(end.stdout) as { tables: readonly { readonly files_before: number }[] };
      this.#compacted += tables.reduce((sum, one) => sum + one.files_before, 0);
    }
  }

  async #agent(args: readonly string[], env: Readonly<Record<string, string>>): Promise<StageExit> {
    return this.#open.use(await startStage("agent", args, { env, deadlineMs: DEADLINE_MS })).exit;
  }

  async #tooLate(signal: AbortSignal): Promise<never> {
    const isOver = await sleep(DEADLINE_MS, false, { signal }).catch(() => true);
    if (isOver) return new Promise<never>(() => undefined);
    throw new Error(`the trips are not over after ${DEADLINE_MS} ms`);
  }

  async #strike(blow: Blow): Promise<void> {
    await sleep(blow.atMs);
    switch (blow.kind) {
      case "kill":
        this.#kept.get(blow.who)?.signal("SIGKILL");
        return;
      case "stop":
        this.#kept.get(blow.who)?.signal("SIGSTOP");
        await sleep(blow.forMs);
        this.#kept.get(blow.who)?.signal("SIGCONT");
        return;
      case "freeze":
      case "restart":
        this.#outages += 1;
        await this.#inTurn(blow.what, () => this.#absence(blow.what, blow.kind, blow.forMs));
        this.#outages -= 1;
        this.#quietSince = performance.now();
        return;
    }
  }

  /** A service that is away already is sent away again when it has come back: two of it would fight for its port. */
  #inTurn(what: Service, absence: () => Promise<void>): Promise<void> {
    const last = (this.#absences.get(what) ?? Promise.resolve()).then(absence);
    this.#absences.set(what, last);
    return last;
  }

  async #absence(what: Service, kind: "freeze" | "restart", forMs: number): Promise<void> {
    const service = what === "kafka" ? this.#bed.kafka : this.#bed.s3;
    if (kind === "freeze") service.freeze();
    else await service.kill9();
    await sleep(forMs);
    if (kind === "freeze") service.thaw();
    else await service.restart();
  }

  #isOutage(): boolean {
    return this.#outages > 0 || performance.now() - this.#quietSince < AFTERMATH_MS;
  }

  #lineFault(): S3LineFault | null {
    if (this.#random.next() * 100 >= this.#plan.lossPercent) return null;
    return LINE_FAULTS[Math.floor(this.#random.next() * LINE_FAULTS.length)] ?? null;
  }

  #cloud(command: string, ...args: readonly string[]): Promise<StageExit> {
    const { log, lake, env } = this.place;
    return runStage("cloud", [command, "--log", log, "--lake", lake, ...args], {
      env,
      deadlineMs: DEADLINE_MS,
    });
  }
}

const expectEnd = (end: StageExit, stage: string): void => {
  if (end.code !== 0) throw new Error(`the ${stage} ended with ${end.code ?? end.signal}: ${end.stderr}`);
};
