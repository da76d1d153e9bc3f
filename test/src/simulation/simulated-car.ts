import {
  BestClock,
  DEFAULT_BUDGET,
  DurableOutbox,
  encoded,
  gpsSample,
  MemoryDisk,
  MemorySegmentStore,
  outboxEvents,
  OutboxMetrics,
  Uplink,
  UplinkMetrics,
  type ForgetWhen,
  type StoreChanges,
  type UplinkConnection,
} from "@roadstream/agent/testing";
import {
  MemoryMetrics,
  millis,
  RoadstreamError,
  seconds,
  silentLogger,
  type Clock,
} from "@roadstream/shared";
import type { SimulatedCloud } from "@roadstream/cloud/testing";
import { CarMachine } from "./car-machine.ts";
import { Life, never } from "./life.ts";
import type { Line } from "./line.ts";
import type { Testimony } from "./testimony.ts";

/** Around a transaction of the outbox (a reading's, or an acknowledgement's), and around a publish. */
export const AGENT_MOMENTS = ["before_commit", "after_commit", "before_publish", "after_publish"] as const;
type AgentMoment = (typeof AGENT_MOMENTS)[number];

/** So little that a car without a broker must give readings up, and say so. */
const SMALL_OUTBOX = { totalBytes: 11_500, pictureBytes: 500, reservedBytes: 9000 };

const noZstd = { compress: (bytes: Uint8Array) => bytes, decompress: () => null };

class MortalStore extends MemorySegmentStore {
  readonly #life: Life<AgentMoment>;

  constructor(disk: MemoryDisk, life: Life<AgentMoment>) {
    super(disk);
    this.#life = life;
  }

  override commit(changes: StoreChanges): void {
    if (this.#life.endsAt("before_commit")) throw new RoadstreamError("storage", "killed");
    super.commit(changes);
    if (this.#life.endsAt("after_commit")) throw new RoadstreamError("storage", "killed");
  }

  override segmentAt(
    of: Parameters<MemorySegmentStore["segmentAt"]>[0],
  ): ReturnType<MemorySegmentStore["segmentAt"]> {
    if (this.#life.isDead) throw new RoadstreamError("storage", "killed");
    return super.segmentAt(of);
  }
}

export interface CarOptions {
  readonly world: SimulatedCloud;
  readonly vehicleId: string;
  readonly testimony: Testimony;
  readonly outbox: "ample" | "small";
  readonly forget: ForgetWhen;
  /** Throws `unavailable` while there is no gateway. */
  readonly connect: (vehicleId: string) => Promise<Line>;
  readonly onDeath: (at: string) => void;
}

/** A car with its disk, and the agent that runs in it, if one does. */
export class SimulatedCar {
  readonly vehicleId: string;
  readonly #options: CarOptions;
  readonly #disk: MemoryDisk;
  readonly machine: CarMachine;
  #agent: Agent | null = null;

  constructor(options: CarOptions) {
    this.#options = options;
    this.vehicleId = options.vehicleId;
    this.#disk = new MemoryDisk(`outbox-of-${options.vehicleId}`);
    this.machine = new CarMachine(options.world.clock, options.vehicleId);
  }

  get agent(): Agent | null {
    return this.#agent?.life.isDead === false ? this.#agent : null;
  }

  start(): void {
    if (this.agent !== null) return;
    const life = new Life<AgentMoment>((at) => {
      this.#options.onDeath(at);
      this.#agent?.line?.break();
    });
    this.#agent = new Agent(this.#options, { disk: this.#disk, life, machine: this.machine });
  }

  /** The power fails and comes back; the agent is started another time. */
  restartMachine(): void {
    this.agent?.life.die();
    this.machine.restart();
  }
}

/** One start of the agent: its outbox and its uplink, with a line in the place of MQTT. */
class Agent {
  readonly life: Life<AgentMoment>;
  line: Line | null = null;
  readonly #options: CarOptions;
  readonly #clock: Clock;
  readonly #bestClock: BestClock;
  readonly #outbox: DurableOutbox;
  readonly #uplink: Uplink;

  constructor(
    options: CarOptions,
    { disk, life, machine }: { disk: MemoryDisk; life: Life<AgentMoment>; machine: CarMachine },
  ) {
    const { world, vehicleId } = options;
    this.life = life;
    this.#options = options;
    const clocks = machine.clocks();
    const clock = life.clock(clocks.clock);
    const bestClock = new BestClock({ clock, machineTime: clocks.machineTime, tripTime: null });
    this.#clock = clock;
    this.#bestClock = bestClock;
    const { random } = world;
    this.#outbox = DurableOutbox.open({
      store: new MortalStore(disk, life),
      clock,
      random,
      budget: options.outbox === "small" ? { ...DEFAULT_BUDGET, ...SMALL_OUTBOX } : DEFAULT_BUDGET,
      events: outboxEvents({ clock, bestClock }),
      metrics: new OutboxMetrics(new MemoryMetrics()),
      wallTime: () => bestClock.confirmedTime(),
      defer: (work) =>
        void setImmediate(() => {
          if (!life.isDead) work();
        }),
      onFailure: (error) => {
        if (!life.isDead) throw error;
      },
    });
    this.#uplink = new Uplink({
      outbox: this.#outbox,
      connect: () => life.awaits(this.#connect()),
      clock,
      random,
      logger: silentLogger,
      metrics: new UplinkMetrics(new MemoryMetrics()),
      context: { vehicleId, agentVersion: "simulated", clock, bestClock, zstd: noZstd },
      linger: millis(50),
      forget: options.forget,
      answerDeadline: seconds(10),
    });
    void this.#uplink.run(new AbortController().signal);
  }

  /** Measures so many readings, each unlike any other ever measured. */
  drive(readings: number): void {
    for (let i = 0; i < readings; i += 1) void this.#measure();
  }

  async say(kind: "periodic" | "last"): Promise<void> {
    if (kind === "last") this.#uplink.hurry();
    await this.#outbox.checkpoint(kind);
  }

  get held(): number {
    return this.#outbox.usage().records;
  }

  async #measure(): Promise<void> {
    const { testimony, vehicleId } = this.#options;
    const mark = testimony.offer();
    const reading = gpsSample(this.#bestClock.stamp(this.#clock.uptime()), { vehicle_type: mark });
    const outcome = await this.#outbox.accept(encoded(reading));
    if (this.life.isDead || !("seq" in outcome)) return;
    testimony.accepted(mark, { vehicleId, bootId: this.#outbox.bootId, seq: outcome.seq });
  }

  async #connect(): Promise<UplinkConnection> {
    const line = await this.#options.connect(this.#options.vehicleId);
    if (this.life.isDead) line.break();
    this.line = line;
    return {
      closed: this.life.awaits(line.closed),
      publish: (message) => {
        if (this.life.endsAt("before_publish")) return never();
        const answer = line.publish(message);
        answer.catch(() => undefined);
        return this.life.endsAt("after_publish") ? never() : this.life.awaits(answer);
      },
      subscribe: (topic, listener) =>
        line.subscribe(topic, (payload) => {
          if (!this.life.isDead) listener(payload);
        }),
      [Symbol.asyncDispose]: () => line[Symbol.asyncDispose](),
    };
  }
}
