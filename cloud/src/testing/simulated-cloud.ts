import { nodeSha256 } from "@roadstream/shared/adapters";
import {
  allTopics,
  isRoadstreamError,
  logTopics,
  MemoryMetrics,
  millis,
  randomBelow,
  seededRandom,
  silentLogger,
  uuidV7,
  type Clock,
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
import { FileCatalog } from "../lake/file-catalog.ts";
import { GlueCatalog } from "../lake/glue-catalog.ts";
import { openLakeTable, type IcebergTable } from "../lake/lake-table.ts";
import { TABLE_NAMES, tableDefinition } from "../lake/table-definition.ts";
import { loadLedger } from "../ledger/load-ledger.ts";
import type { PartitionLedger } from "../ledger/partition-ledger.ts";
import type { LakeTable, LiveFile } from "../ports.ts";
import { ReceiptSender } from "../receipts/receipt-sender.ts";
import { MachineClock } from "./machine-clock.ts";
import { MemoryGlueTables } from "./memory-glue-tables.ts";
import { MemoryLakeTable, MemoryTableStore } from "./memory-lake-table.ts";
import { MemoryObjectStore } from "./memory-object-store.ts";
import { MemoryRowWriter } from "./memory-row-writer.ts";
import { MortalProcess } from "./mortal.ts";
import { UnkindWorld } from "./unkind-world.ts";

const GROUP = "cloud";
/** Not what is tested here; as it is costs half of the time. */
const noZstd: Zstd = { compress: (bytes) => bytes, decompress: (bytes) => bytes };

const rowsOf = async (
  store: MemoryObjectStore,
  { key }: Pick<LiveFile, "key">,
): Promise<Record<string, unknown>[]> => {
  const bytes = (await store.get(key)) ?? new Uint8Array();
  const lines = new TextDecoder().decode(bytes).split("\n");
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
};

export interface SimulatedWorker {
  readonly name: string;
  readonly process: MortalProcess;
  readonly clock: MachineClock;
  readonly metrics: IngestMetrics;
  readonly measured: MemoryMetrics;
  readonly worker: IngestWorker;
  readonly stop: () => void;
  isDone: boolean;
  error: unknown;
}

/**
 * `iceberg`: the real table over objects in memory · `glue`: the same with Glue as its catalog · `memory`: its rules in
 * few lines, ten times as fast.
 */
export type SimulatedLake = "memory" | "iceberg" | "glue";

export interface SimulatedCloudOptions {
  readonly seed: number;
  readonly lake: SimulatedLake;
  /** Those that are landed; their topics exist from the start. */
  readonly tables: readonly TableName[];
  readonly partitions: number;
  /** Fault knob: lines that the workers' database does not take. */
  readonly refuses?: (line: string) => boolean;
}

/** By what a process sees a table; a reader is no process, and never dies. */
interface TableView {
  readonly store: MemoryObjectStore;
  readonly clock: Clock;
  readonly process: MortalProcess | null;
}

/** A log, a lake and workers in memory, all driven by one seed. */
export class SimulatedCloud {
  readonly clock = new VirtualClock();
  readonly random: Random;
  readonly topics: LogTopics = logTopics({});
  readonly log = new MemoryEventLog({ clock: this.clock });
  readonly objects = new MemoryObjectStore(this.clock);
  readonly workers: SimulatedWorker[] = [];
  readonly world: UnkindWorld;
  /** Awaited before and after every operation of a worker on the store, a table or the log. */
  meanwhile: () => Promise<void> = () => Promise.resolve();
  readonly #options: SimulatedCloudOptions;
  readonly #glue = new MemoryGlueTables();
  readonly #tables = Object.fromEntries(TABLE_NAMES.map((name) => [name, new MemoryTableStore()])) as Record<
    TableName,
    MemoryTableStore
  >;
  #names = 0;

  constructor(options: SimulatedCloudOptions) {
    this.#options = options;
    this.random = seededRandom(options.seed);
    this.world = new UnkindWorld(this.random);
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
    const process = new MortalProcess(() => this.meanwhile());
    const clock = new MachineClock(this.clock);
    const measured = new MemoryMetrics();
    const metrics = new IngestMetrics(measured);
    const context = await this.#context(process, clock, metrics);
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
      clock,
      metrics,
      measured,
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
        // Told to stop before it had begun.
        if (stop.signal.aborted && isRoadstreamError(error, "aborted")) one.isDone = true;
        else one.error = error;
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
    return this.#table(name, { store: this.objects, clock: this.clock, process: null });
  }

  /** A table as somebody on a worker's machine opens it to look after it: on Iceberg, by the lake's catalog. */
  tableOn({ process, clock }: SimulatedWorker, name: TableName): IcebergTable {
    return this.#iceberg(name, { store: this.#storeOf(process), clock, process });
  }

  /** Carries out a request to the store, and one to Glue, that was delayed; says how many there were. */
  deliverLate(): number {
    const isOne = this.objects.deliverLate(this.random);
    if (this.#options.lake !== "glue") return Number(isOne);
    const what = this.#glue.deliverLate(this.random);
    if (what !== null) this.world.meet(`late update of Glue, ${what}`);
    return Number(isOne) + Number(what !== null);
  }

  /** Every row that a reader of the table finds, by its data files alone. */
  async rows(name: TableName): Promise<readonly Record<string, unknown>[]> {
    const rows: Record<string, unknown>[] = [];
    const reader = this.reader(name);
    for (const file of await reader.files(await reader.head()))
      rows.push(...(await rowsOf(this.objects, file)));
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

  async #context(
    process: MortalProcess,
    clock: MachineClock,
    metrics: IngestMetrics,
  ): Promise<IngestContext> {
    const store = this.#storeOf(process);
    const { random, topics } = this;
    const handle = this.log.open();
    handle.appendFault = () => this.world.appendFault();
    const log = process.owns(handle);
    const rows = new MemoryRowWriter({ store, uuid: () => uuidV7(clock.now(), random) });
    rows.refuses = this.#options.refuses ?? rows.refuses;
    rows.isFull = () => this.world.isScratchFull;
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
      tables: this.#handles(process, store, clock),
      rows,
      lettersIn: async (files, ids) => {
        const rows = [];
        for (const file of files) rows.push(...(await rowsOf(store, file)));
        return rows.map((row) => String(row["dead_letter_id"])).filter((id) => ids.has(id));
      },
      zstd: noZstd,
      sha256: nodeSha256,
      slots: new Slots(2),
      limits: { commitInterval: millis(300), batchMaxRows: 12, batchMaxBytes: 1 << 20, commitMaxDays: 8 },
    };
  }

  #storeOf(process: MortalProcess): MemoryObjectStore {
    const store = new MemoryObjectStore(this.clock, this.objects);
    store.pause = (operation, key) => this.#pause(process, this.world.delayMs(operation, key));
    store.fault = (operation) => this.world.storeFault(operation);
    return store;
  }

  async #pause(process: MortalProcess, delayMs = 0): Promise<void> {
    const { latencyMs } = this.world;
    if (delayMs > 0) await this.clock.sleep(millis(delayMs));
    if (latencyMs > 0) await this.clock.sleep(millis(this.below(latencyMs)));
    await process.step();
  }

  #table(name: TableName, view: TableView): LakeTable {
    return this.#options.lake === "memory"
      ? new MemoryLakeTable(tableDefinition(name), this.#tables[name])
      : this.#iceberg(name, view);
  }

  #iceberg(name: TableName, view: TableView): IcebergTable {
    const { store, clock } = view;
    const definition = tableDefinition(name);
    const options = { definition, store, clock, random: this.random, logger: silentLogger };
    const isGlue = this.#options.lake === "glue";
    return openLakeTable(isGlue ? { ...options, catalog: this.#glueCatalog(name, view) } : options);
  }

  #glueCatalog(table: TableName, { store, process }: TableView): GlueCatalog {
    const glue = new MemoryGlueTables(this.#glue);
    if (process !== null) {
      glue.pause = () => this.#pause(process);
      glue.fault = (operation) => this.world.glueFault(operation);
    }
    const files = new FileCatalog({ store, table });
    return new GlueCatalog({ store, table, glue, files, sha256: nodeSha256 });
  }

  #handles(process: MortalProcess, store: MemoryObjectStore, clock: Clock): Record<TableName, LakeTable> {
    return Object.fromEntries(
      TABLE_NAMES.map((name) => [name, process.owns(this.#table(name, { store, clock, process }))]),
    ) as Record<TableName, LakeTable>;
  }
}
