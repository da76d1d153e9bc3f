import {
  isoTime,
  logTopics,
  MemoryMetrics,
  millis,
  randomBelow,
  seededRandom,
  silentLogger,
  uuidV7,
  type Random,
  type TableName,
  type Zstd,
} from "@roadstream/shared";
import { MemoryEventLog, VirtualClock } from "@roadstream/shared/testing";
import { nodeSha256 } from "../adapters/node-sha256.ts";
import type { IngestContext } from "../ingest/ingest-context.ts";
import { IngestMetrics } from "../ingest/ingest-metrics.ts";
import { Slots } from "../ingest/slots.ts";
import { IngestWorker } from "../ingest/worker.ts";
import { openLakeTable } from "../lake/lake-table.ts";
import { TABLE_NAMES, tableDefinition } from "../lake/table-definition.ts";
import type { LakeTable } from "../ports.ts";
import { MemoryLakeTable, MemoryTableStore } from "./memory-lake-table.ts";
import { MemoryObjectStore } from "./memory-object-store.ts";
import { MemoryRowWriter } from "./memory-row-writer.ts";
import { MortalProcess } from "./mortal.ts";

const GROUP = "cloud";
const PARTITIONS = 2;
/** One stream shows what all do. */
const TABLES = ["gps_data", "dead_letters"] as const;
const TOPICS = logTopics({});
/** Not what is tested here; as it is costs half of the time. */
const noZstd: Zstd = { compress: (bytes) => bytes, decompress: (bytes) => bytes };
/** A latitude that the grammar passes and the contract does not. */
const BAD_LATITUDE = 91;

export interface SimulatedWorker {
  readonly name: string;
  readonly process: MortalProcess;
  readonly metrics: IngestMetrics;
  readonly worker: IngestWorker;
  readonly stop: () => void;
  isDone: boolean;
  error: unknown;
}

/** `iceberg`: the real table over objects in memory · `memory`: its rules in few lines, ten times as fast. */
export type SimulatedLake = "memory" | "iceberg";

/** Cars, a log, a lake and workers in memory, all driven by one seed. */
export class IngestSimulation {
  readonly clock = new VirtualClock();
  readonly random: Random;
  readonly log = new MemoryEventLog({ clock: this.clock });
  readonly objects = new MemoryObjectStore(this.clock);
  readonly #lake: SimulatedLake;
  readonly #tables = Object.fromEntries(TABLE_NAMES.map((name) => [name, new MemoryTableStore()])) as Record<
    TableName,
    MemoryTableStore
  >;
  readonly workers: SimulatedWorker[] = [];
  readonly #next = new Map<string, number>();
  readonly #boot = "01890000-0000-7000-8000-000000000001";
  #names = 0;

  constructor(seed: number, lake: SimulatedLake) {
    this.#lake = lake;
    this.random = seededRandom(seed);
    for (const topic of [TOPICS.streams.gps_data, TOPICS.deadLetters])
      this.log.store.create(topic, PARTITIONS);
  }

  below(bound: number): number {
    return randomBelow(this.random, bound);
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

  async start(options: { readonly untilDrained?: boolean } = {}): Promise<SimulatedWorker> {
    const name = `worker-${(this.#names += 1)}`;
    const process = new MortalProcess();
    const store = new MemoryObjectStore(this.clock, this.objects);
    store.pause = process.step;
    const metrics = new IngestMetrics(new MemoryMetrics());
    const log = process.owns(this.log.open());
    const rows = new MemoryRowWriter({ store, uuid: () => uuidV7(this.clock.now(), this.random) });
    rows.refuses = (line) => line.includes(`"latitude":${BAD_LATITUDE},`);
    const context: IngestContext = {
      clock: this.clock,
      random: this.random,
      logger: silentLogger,
      metrics,
      log,
      deadLetters: await log.writer(),
      topics: TOPICS,
      store,
      tables: this.#handles(process, store),
      rows,
      zstd: noZstd,
      sha256: nodeSha256,
      slots: new Slots(2),
      limits: { commitInterval: millis(300), batchMaxRows: 12, batchMaxBytes: 1 << 20, commitMaxDays: 8 },
    };
    const stop = new AbortController();
    const { untilDrained = false } = options;
    const worker = new IngestWorker(context, {
      name,
      group: GROUP,
      tables: TABLES,
      untilDrained,
      signal: stop.signal,
      onReady: () => undefined,
    });
    const simulated: SimulatedWorker = {
      name,
      process,
      metrics,
      worker,
      stop: () => stop.abort(),
      isDone: false,
      error: null,
    };
    worker.run().then(
      () => {
        simulated.isDone = true;
      },
      (error: unknown) => {
        simulated.error = error;
      },
    );
    store.fault = (operation) => {
      const dice = this.#faults ? this.below(40) : 1;
      if (dice > 0) return null;
      if (operation === "putIfAbsent") return this.below(2) === 0 ? "lost_request" : "lost_answer";
      return operation === "get" ? "lost_request" : null;
    };
    this.workers.push(simulated);
    return simulated;
  }

  /** Fault knob: store requests get lost now and then. */
  set faults(on: boolean) {
    this.#faults = on;
  }
  #faults = true;

  get living(): readonly SimulatedWorker[] {
    return this.workers.filter((one) => !one.process.isDead && one.error === null);
  }

  /** kill -9: the log learns of it when the lease is over, that is now. */
  kill(one: SimulatedWorker): void {
    one.process.die();
    this.log.store.expel(GROUP, one.name);
  }

  /** The log takes a stopped worker for dead. */
  expel(one: SimulatedWorker): void {
    this.log.store.expel(GROUP, one.name);
  }

  /** Gives a partition to this worker, if the group has it at all. */
  move(topic: string, partition: number, to: SimulatedWorker): void {
    try {
      this.log.store.movePartition(GROUP, { topic, partition }, to.name);
    } catch {
      // It is out of the group for the moment.
    }
  }

  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms);
  }

  /** A table as a reader sees it. */
  reader(name: TableName): LakeTable {
    return this.#table(name, this.objects);
  }

  #table(name: TableName, store: MemoryObjectStore): LakeTable {
    const definition = tableDefinition(name);
    const { clock, random } = this;
    return this.#lake === "memory"
      ? new MemoryLakeTable(definition, this.#tables[name])
      : openLakeTable({ definition, store, clock, random, logger: silentLogger });
  }

  #handles(process: MortalProcess, store: MemoryObjectStore): Record<TableName, LakeTable> {
    return Object.fromEntries(
      TABLE_NAMES.map((name) => [name, process.owns(this.#table(name, store))]),
    ) as Record<TableName, LakeTable>;
  }

  #record(vehicle: string, value: string): { topic: string; key: string; value: string } {
    return { topic: TOPICS.streams.gps_data, key: vehicle, value };
  }

  #reading(vehicle: string, seq: number, latitude: number): string {
    const time = isoTime(this.clock.now());
    return (
      `{"v":1,"vehicle_id":"${vehicle}","boot_id":"${this.#boot}","seq":${seq},"captured_at":"${time}","clock":"gnss",` +
      `"uptime_ms":1000,"machine_boot":"m","received_at":"${time}","fix":"3d","latitude":${latitude},"longitude":-95.5}`
    );
  }
}
