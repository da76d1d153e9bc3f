import { nodeSha256 } from "@roadstream/shared/adapters";
import {
  allTopics,
  logTopics,
  MemoryMetrics,
  millis,
  randomBelow,
  seededRandom,
  silentLogger,
  uuidV7,
  type LogTopics,
  type Random,
  type TableName,
  type Zstd,
} from "@roadstream/shared";
import { MemoryEventLog, VirtualClock } from "@roadstream/shared/testing";
import { acceptLogChange } from "../ingest/accept-log-change.ts";
import type { IngestContext } from "../ingest/ingest-context.ts";
import { IngestMetrics } from "../ingest/ingest-metrics.ts";
import { Slots } from "../ingest/slots.ts";
import { IngestWorker } from "../ingest/worker.ts";
import { openLakeTable } from "../lake/lake-table.ts";
import { TABLE_NAMES, tableDefinition } from "../lake/table-definition.ts";
import { loadLedger } from "../ledger/load-ledger.ts";
import type { PartitionLedger } from "../ledger/partition-ledger.ts";
import type { LakeTable } from "../ports.ts";
import { ReceiptSender } from "../receipts/receipt-sender.ts";
import { MemoryLakeTable, MemoryTableStore } from "./memory-lake-table.ts";
import { MemoryObjectStore } from "./memory-object-store.ts";
import { MemoryRowWriter } from "./memory-row-writer.ts";
import { MortalProcess } from "./mortal.ts";

const GROUP = "cloud";
/** Not what is tested here; as it is costs half of the time. */
const noZstd: Zstd = { compress: (bytes) => bytes, decompress: (bytes) => bytes };

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

export interface SimulatedCloudOptions {
  readonly seed: number;
  readonly lake: SimulatedLake;
  /** Those that are landed; their topics exist from the start. */
  readonly tables: readonly TableName[];
  readonly partitions: number;
  /** Fault knob: lines that the workers' database does not take. */
  readonly refuses?: (line: string) => boolean;
}

/** A log, a lake and workers in memory, all driven by one seed. */
export class SimulatedCloud {
  readonly clock = new VirtualClock();
  readonly random: Random;
  readonly topics: LogTopics = logTopics({});
  readonly log = new MemoryEventLog({ clock: this.clock });
  readonly objects = new MemoryObjectStore(this.clock);
  readonly workers: SimulatedWorker[] = [];
  /** Fault knob: store requests get lost now and then. */
  faults = true;
  readonly #options: SimulatedCloudOptions;
  readonly #tables = Object.fromEntries(TABLE_NAMES.map((name) => [name, new MemoryTableStore()])) as Record<
    TableName,
    MemoryTableStore
  >;
  #names = 0;

  constructor(options: SimulatedCloudOptions) {
    this.#options = options;
    this.random = seededRandom(options.seed);
    const all = allTopics(this.topics);
    for (const topic of all)
      if (options.tables.some((table) => this.topicOf(table) === topic))
        this.log.store.create(topic, options.partitions);
  }

  topicOf(table: TableName): string {
    return table === "dead_letters" ? this.topics.deadLetters : this.topics.streams[table];
  }

  below(bound: number): number {
    return randomBelow(this.random, bound);
  }

  /** A worker; `accept`: the tables for which an operator accepts that the log was replaced. */
  async start(
    options: { readonly untilDrained?: boolean; readonly accept?: readonly TableName[] } = {},
  ): Promise<SimulatedWorker> {
    const { untilDrained = false, accept = [] } = options;
    const process = new MortalProcess();
    const metrics = new IngestMetrics(new MemoryMetrics());
    const context = await this.#context(process, metrics);
    const stop = new AbortController();
    const name = `worker-${(this.#names += 1)}`;
    const worker = new IngestWorker(context, {
      name,
      group: GROUP,
      tables: this.#options.tables,
      untilDrained,
      signal: stop.signal,
      onReady: () => undefined,
    });
    const one: SimulatedWorker = {
      name,
      process,
      metrics,
      worker,
      stop: () => stop.abort(),
      isDone: false,
      error: null,
    };
    const run = async (): Promise<void> => {
      for (const table of accept) await acceptLogChange(context, table);
      await worker.run();
    };
    run().then(
      () => {
        one.isDone = true;
      },
      (error: unknown) => {
        one.error = error;
      },
    );
    this.workers.push(one);
    return one;
  }

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

  /** Every row that a reader of the table finds, by its data files alone. */
  async rows(name: TableName): Promise<readonly Record<string, unknown>[]> {
    const rows: Record<string, unknown>[] = [];
    const reader = this.reader(name);
    for (const file of await reader.files(await reader.head())) {
      const bytes = await this.objects.get(file.key);
      for (const line of new TextDecoder().decode(bytes ?? new Uint8Array()).split("\n"))
        rows.push(JSON.parse(line) as Record<string, unknown>);
    }
    return rows;
  }

  /** The ledgers of the table's partitions, as its head names them. */
  async ledgers(name: TableName): Promise<readonly PartitionLedger[]> {
    const { ingest } = await this.reader(name).head();
    const ledgers: PartitionLedger[] = [];
    for (const [partition, { ledger }] of Object.entries(ingest?.partitions ?? {}))
      ledgers.push(
        await loadLedger(this.objects, noZstd, { table: name, partition: Number(partition) }, ledger),
      );
    return ledgers;
  }

  async #context(process: MortalProcess, metrics: IngestMetrics): Promise<IngestContext> {
    const store = new MemoryObjectStore(this.clock, this.objects);
    store.pause = process.step;
    store.fault = (operation) => {
      const dice = this.faults ? this.below(40) : 1;
      if (dice > 0) return null;
      if (operation === "putIfAbsent") return this.below(2) === 0 ? "lost_request" : "lost_answer";
      return operation === "get" ? "lost_request" : null;
    };
    const { clock, random, topics } = this;
    const log = process.owns(this.log.open());
    const rows = new MemoryRowWriter({ store, uuid: () => uuidV7(clock.now(), random) });
    rows.refuses = this.#options.refuses ?? rows.refuses;
    return {
      clock,
      random,
      logger: silentLogger,
      metrics,
      log,
      deadLetters: await log.writer(),
      receipts: new ReceiptSender({
        clock,
        logger: silentLogger,
        writer: await log.writer(),
        topic: topics.receipts,
        metrics: new MemoryMetrics(),
      }),
      topics,
      store,
      tables: this.#handles(process, store),
      rows,
      zstd: noZstd,
      sha256: nodeSha256,
      slots: new Slots(2),
      limits: { commitInterval: millis(300), batchMaxRows: 12, batchMaxBytes: 1 << 20, commitMaxDays: 8 },
    };
  }

  #table(name: TableName, store: MemoryObjectStore): LakeTable {
    const definition = tableDefinition(name);
    const { clock, random } = this;
    return this.#options.lake === "memory"
      ? new MemoryLakeTable(definition, this.#tables[name])
      : openLakeTable({ definition, store, clock, random, logger: silentLogger });
  }

  #handles(process: MortalProcess, store: MemoryObjectStore): Record<TableName, LakeTable> {
    return Object.fromEntries(
      TABLE_NAMES.map((name) => [name, process.owns(this.#table(name, store))]),
    ) as Record<TableName, LakeTable>;
  }
}
