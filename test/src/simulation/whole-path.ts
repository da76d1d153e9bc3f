import { millis, RoadstreamError } from "@roadstream/shared";
import { SimulatedCloud, type SimulatedLake, type SimulatedWorker } from "@roadstream/cloud/testing";
import type { ForgetWhen } from "@roadstream/agent/testing";
import type { AppendFault } from "@roadstream/shared/testing";
import type { Line } from "./line.ts";
import { SimulatedCar } from "./simulated-car.ts";
import { SimulatedGateway } from "./simulated-gateway.ts";
import { Testimony } from "./testimony.ts";

export const TABLES = ["gps_data", "agent_events", "dead_letters"] as const;
export type SimulatedTable = (typeof TABLES)[number];
export const PARTITIONS = 2;
const CARS = 2;
const CONNECT_MS = 5;

/**
 * Cars, a gateway, the log, workers and the lake: the product's own code between fake ports, in virtual time, driven by
 * one seed. What dies leaves only what it had made durable.
 */
export class WholePath {
  readonly cloud: SimulatedCloud;
  readonly testimony = new Testimony();
  readonly cars: readonly SimulatedCar[];
  /** How often what happened, so that a suite can show that its schedules were unkind. */
  readonly happened = new Map<string, number>();
  /** Fault knob: no gateway is started. */
  isBrokerAway = false;
  /** Numbers of log identities that there have been. */
  logs = 1;
  /**
   * Identities, `table/vehicle/boot/seq`, that went with a deleted log before they had landed; no excuse where cars keep
   * what is not settled.
   */
  readonly lostWithLog = new Set<string>();
  readonly lines = new Map<string, Line>();
  readonly forget: ForgetWhen;
  #gateway: SimulatedGateway | null = null;

  constructor(seed: number, lake: SimulatedLake, forget: ForgetWhen = "acknowledged") {
    this.forget = forget;
    this.cloud = new SimulatedCloud({ seed, lake, tables: TABLES, partitions: PARTITIONS });
    // Without its topic nobody tells of anything.
    if (forget === "settled") this.cloud.log.store.create(this.cloud.topics.receipts, PARTITIONS);
    const outbox = this.cloud.below(4) === 0 ? "small" : "ample";
    this.cars = Array.from(
      { length: CARS },
      (_, i) =>
        new SimulatedCar({
          world: this.cloud,
          vehicleId: `car-${i}`,
          testimony: this.testimony,
          outbox,
          forget,
          connect: (vehicleId) => this.#connect(vehicleId),
          onDeath: (at) => this.count(`agent ${at}`),
        }),
    );
  }

  count(what: string, times = 1): void {
    this.happened.set(what, (this.happened.get(what) ?? 0) + times);
  }

  get gateway(): SimulatedGateway | null {
    return this.#gateway?.life.isDead === false ? this.#gateway : null;
  }

  async startGateway(): Promise<void> {
    if (this.gateway !== null || this.isBrokerAway) return;
    this.#gateway = await SimulatedGateway.start(this.cloud, (at) => this.count(`gateway ${at}`));
  }

  /** The next appends go wrong in this way. */
  disturbLog(fault: AppendFault["kind"], appends: number): void {
    let left = appends;
    this.cloud.log.appendFault = () => {
      left -= 1;
      if (left < 0) return null;
      return fault === "slow" || fault === "late_answer"
        ? { kind: fault, after: millis(this.cloud.below(2000)) }
        : { kind: fault };
    };
  }

  killDeadWorkers(): void {
    for (const one of this.cloud.workers) if (one.process.isDead) this.cloud.kill(one);
  }

  /**
   * The log is deleted and made anew, under everybody's feet. Workers must refuse it, with an explanation and the way
   * on; an operator then accepts it. Frozen ones may wake at any time later and believe in the old log.
   */
  async replaceLog(): Promise<void> {
    this.count("log replaced");
    await this.#rememberUnlanded();
    this.#gateway?.life.die("any");
    for (const table of TABLES) this.cloud.log.store.recreate(this.cloud.topicOf(table), PARTITIONS);
    if (this.forget === "settled") this.cloud.log.store.recreate(this.cloud.topics.receipts, PARTITIONS);
    this.logs += 1;
    await this.acceptLog();
  }

  /** Shows that the log is refused, then accepts it for the tables that were built from another one. */
  async acceptLog(): Promise<void> {
    const { cloud } = this;
    const awake = cloud.living.filter((one) => !one.process.isFrozen);
    for (const one of awake) one.stop();
    await cloud.advance(600);
    for (const one of awake) cloud.kill(one);
    const isKnown = await Promise.all(TABLES.map((table) => this.#isOfAnotherLog(table)));
    const accept = TABLES.filter((_, i) => isKnown[i]);
    if (accept.length === 0) return;
    const refused = await cloud.start();
    await this.#untilOver(refused);
    if (!isLogMismatch(refused.error))
      throw new Error("a replaced log was taken for the old one", { cause: refused.error });
    refused.process.die();
    this.count("log refused");
    for (;;) {
      const accepting = await cloud.start({ accept });
      await cloud.advance(1000);
      if (accepting.error === null) return;
      // A request to the store got lost, or a zombie's commit came between: the operator tries again.
      if (!(accepting.error instanceof RoadstreamError)) throw accepting.error;
      accepting.process.die();
      this.count("acceptance repeated");
    }
  }

  async #untilOver(one: SimulatedWorker): Promise<void> {
    for (let i = 0; i < 100 && one.error === null; i += 1) await this.cloud.advance(500);
  }

  async #isOfAnotherLog(table: SimulatedTable): Promise<boolean> {
    const { ingest } = await this.cloud.reader(table).head();
    return (
      ingest !== null && ingest.logIdentity !== (await this.cloud.log.identity(this.cloud.topicOf(table)))
    );
  }

  async #rememberUnlanded(): Promise<void> {
    for (const table of TABLES) {
      const { ingest } = await this.cloud.reader(table).head();
      const topic = this.cloud.topicOf(table);
      const isSameLog = !(await this.#isOfAnotherLog(table));
      for (let partition = 0; partition < PARTITIONS; partition += 1) {
        const from = isSameLog ? (ingest?.partitions[partition]?.next ?? 0) : 0;
        const slice = this.cloud.log.store.read({ topic, partition }, from, Number.MAX_SAFE_INTEGER);
        if ("kind" in slice) throw new Error("the log lost records by itself");
        for (const value of slice.values) {
          const row = JSON.parse(value) as Record<string, unknown>;
          this.lostWithLog.add(`${table}/${rowIdentity(row)}`);
        }
      }
    }
  }

  async #connect(vehicleId: string): Promise<Line> {
    await this.cloud.clock.sleep(millis(CONNECT_MS));
    const { gateway } = this;
    if (gateway === null) throw new RoadstreamError("unavailable", "no gateway");
    const line = gateway.connect(vehicleId, this.cloud.clock);
    this.lines.set(vehicleId, line);
    return line;
  }
}

export const rowIdentity = (row: Record<string, unknown>): string =>
  `${String(row["vehicle_id"])}/${String(row["boot_id"])}/${String(row["seq"])}`;

export const isLogMismatch = (error: unknown): boolean =>
  error instanceof RoadstreamError && error.code === "log_mismatch" && error.hint !== null;
