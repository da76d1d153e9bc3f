import { isoTime } from "@roadstream/shared";
import { SimulatedCloud, type SimulatedLake } from "./simulated-cloud.ts";
import { WholeBatches } from "./whole-batches.ts";

export const PARTITIONS = 2;
/** A reader comes by at one in so many operations of the workers. */
const LOOK_EVERY: Readonly<Record<SimulatedLake, number>> = { memory: 40, iceberg: 100, glue: 100 };
/** On Glue, a request that was delayed arrives at one in so many: mostly soon, now and then long after. */
const LATE_EVERY = 20;
/** One stream shows what all do. */
const TABLES = ["gps_data", "dead_letters"] as const;
const BOOT = "01890000-0000-7000-8000-000000000001";
/** A latitude that the grammar passes and the contract does not. */
const BAD_LATITUDE = 91;

/** Cars that write straight into the log, with copies and wrong records, before a simulated cloud. */
export class IngestSimulation extends SimulatedCloud {
  /** How often what happened, so that a suite can show that its schedules were unkind. */
  readonly happened = new Map<string, number>();
  /** Of something that was begun and not awaited; null while all is well. */
  failure: unknown = null;
  readonly lake: SimulatedLake;
  readonly #next = new Map<string, number>();
  readonly #reader: WholeBatches;

  constructor(seed: number, lake: SimulatedLake) {
    super({
      seed,
      lake,
      tables: TABLES,
      partitions: PARTITIONS,
      refuses: (line) => line.includes(`"latitude":${BAD_LATITUDE},`),
    });
    this.lake = lake;
    this.#reader = new WholeBatches(this, PARTITIONS);
    this.meanwhile = async () => {
      if (this.below(LOOK_EVERY[lake]) === 0) await this.look();
      if (lake === "glue" && this.below(LATE_EVERY) === 0) this.count("request late", this.deliverLate());
    };
  }

  readonly fail = (error: unknown): void => {
    this.failure ??= error;
  };

  count(what: string, times = 1): void {
    this.happened.set(what, (this.happened.get(what) ?? 0) + times);
  }

  /** Reads the table as it is at this moment. */
  async look(): Promise<void> {
    await this.#reader.look();
    this.happened.set("looks", this.#reader.looks);
  }

  /** Appends some readings of one car: new ones, copies of old ones, and wrong ones. */
  drive(): void {
    const vehicle = `car-${this.below(4)}`;
    const records = Array.from({ length: 1 + this.below(6) }, () => {
      const newest = this.#next.get(vehicle) ?? 0;
      const dice = this.below(12);
      if (dice === 0) return this.#record(vehicle, '{"v":1,"nonsense":');
      const isCopy = dice < 4 && newest > 0;
      const seq = isCopy ? 1 + this.below(newest) : newest + 1;
      if (!isCopy) this.#next.set(vehicle, seq);
      return this.#record(vehicle, this.#reading(vehicle, seq, dice === 11 ? BAD_LATITUDE : 41.25));
    });
    this.log.store.append(records);
  }

  /** So many readings of one car, good ones. */
  fill(readings: number): void {
    const vehicle = "car-full";
    const lines = Array.from({ length: readings }, (_, i) => this.#reading(vehicle, i + 1, 41.25));
    this.log.store.append(lines.map((line) => this.#record(vehicle, line)));
  }

  #record(vehicle: string, value: string): { topic: string; key: string; value: string } {
    return { topic: this.topics.streams.gps_data, key: vehicle, value };
  }

  #reading(vehicle: string, seq: number, latitude: number): string {
    const time = isoTime(this.clock.now());
    return (
      `{"v":1,"vehicle_id":"${vehicle}","boot_id":"${BOOT}","machine_boot":"m","received_at":"${time}",` +
      `"seq":${seq},"captured_at":"${time}","clock":"gnss","uptime_ms":1000,"fix":"3d","latitude":${latitude},"longitude":-95.5}`
    );
  }
}
