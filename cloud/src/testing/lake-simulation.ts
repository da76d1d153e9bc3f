import { nodeSha256 } from "@roadstream/shared/adapters";
import {
  hours,
  isRoadstreamError,
  randomBelow,
  seededRandom,
  silentLogger,
  unixMillis,
  uptimeMillis,
  type Clock,
  type Random,
} from "@roadstream/shared";
import { compactTable } from "../lake/compact-table.ts";
import { expireTable } from "../lake/expire-table.ts";
import { FileCatalog } from "../lake/file-catalog.ts";
import { GlueCatalog } from "../lake/glue-catalog.ts";
import { openLakeTable, type IcebergTable } from "../lake/lake-table.ts";
import { removeOrphans } from "../lake/remove-orphans.ts";
import type { Retention } from "../lake/snapshot-expiry.ts";
import { tableDefinition } from "../lake/table-definition.ts";
import { beginWork } from "../lake/work-age.ts";
import type { CommitOutcome, LiveFile, TableHead } from "../ports.ts";
import { Interleaver, type SimulatedProcess } from "./interleaver.ts";
import { batch, dataFileOf, LOG_PARTITIONS } from "./lake-fixture.ts";
import { MachineClock } from "./machine-clock.ts";
import { MemoryGlueTables } from "./memory-glue-tables.ts";
import { MemoryObjectStore, type StoreFault } from "./memory-object-store.ts";

const definition = tableDefinition("gps_data");
const DAY = "2026-01-01";
const WRITERS = 3;
const BATCHES = 4;
const HOUSEKEEPERS = 2;
const PARTITIONS_IN_USE = 2;
const HOUR_MS: number = hours(1);
/** By which a machine's clock is set. */
const CLOCK_JUMPS = [
  -9600 * HOUR_MS,
  -24 * HOUR_MS,
  -3 * HOUR_MS,
  3 * HOUR_MS,
  24 * HOUR_MS,
  9600 * HOUR_MS,
] as const;
/** By which the store's own is set, as where that is a folder. */
const STORE_JUMPS = [-24 * HOUR_MS, -3 * HOUR_MS, 3 * HOUR_MS, 24 * HOUR_MS] as const;
/** The time is mostly known from an answer before: of so many requests for it one is really made. */
const TIME_ASKED_EVERY = 10;
/** Its batches name ledgers that were never written. */
const NO_LEDGERS = { prefix: "ledger/", named: () => Promise.resolve(new Set<string>()) };
/** So short that whatever the protocol says about removed names happens. */
const RETENTION: Retention = {
  minSnapshots: 1,
  maxSnapshots: 3,
  maxAgeMs: 60_000,
  metadataVersions: 2,
  sweepEveryCommits: 1,
};

/** One record of the simulated log. */
const recordName = (partition: number, offset: number): string => `${partition}:${offset}`;
/** Records that were in the log before: they move the offset and give no row. */
const isDouble = (offset: number): boolean => offset % 7 === 0;

export interface SimulationReport {
  readonly committed: number;
  readonly conflicts: number;
  readonly unanswered: number;
  readonly killed: number;
  readonly compacted: number;
  readonly orphans: number;
  readonly clocksSet: number;
  readonly steps: number;
}

/** Who decides which version of the table is the newest: a file's creation, or Glue's compare-and-set. */
export type SimulatedCatalog = "file" | "glue";

/** Several workers, readers and a housekeeper on one store whose network misbehaves; everything follows from the seed. */
export class LakeSimulation {
  readonly #random: Random;
  readonly #turns: Interleaver;
  readonly #store: MemoryObjectStore;
  readonly #glue = new MemoryGlueTables();
  readonly #catalog: SimulatedCatalog;
  /** What each data file holds, as its bytes would say. */
  readonly #rows = new Map<string, readonly string[]>();
  readonly #landed = new Set<string>();
  readonly #report = {
    committed: 0,
    conflicts: 0,
    unanswered: 0,
    killed: 0,
    compacted: 0,
    orphans: 0,
    clocksSet: 0,
    steps: 0,
  };
  readonly #machines: MachineClock[] = [];
  /** The store's clock, and what monotonic clocks say. */
  #now: number = Date.UTC(2026, 0, 2);
  #uptime = 1000;
  #names = 0;
  #faults: number;

  constructor(seed: number, catalog: SimulatedCatalog = "file") {
    this.#catalog = catalog;
    this.#random = seededRandom(seed);
    this.#turns = new Interleaver(this.#random);
    this.#store = new MemoryObjectStore(this.#worldOf(null));
    this.#faults = this.#random.next() < 0.2 ? 0 : this.#random.next() * 0.15;
  }

  async run(): Promise<SimulationReport> {
    for (let i = 0; i < WRITERS; i += 1) this.#turns.spawn((self) => this.#writer(self));
    this.#turns.spawn((self) => this.#reader(self));
    for (let i = 0; i < HOUSEKEEPERS; i += 1) this.#turns.spawn((self) => this.#housekeeper(self));
    await this.#turns.run(() => this.#between());
    while (this.#store.deliverLate(this.#random) || this.#glue.deliverLate(this.#random) !== null)
      this.#now += 1;
    await this.#judge();
    return { ...this.#report, steps: this.#turns.step };
  }

  /** Between two steps time passes, sometimes hours of it, clocks are set, and late requests arrive. */
  #between(): void {
    const isLong = this.#random.next() < 0.003;
    const passed = randomBelow(this.#random, isLong ? hours(5) : 200);
    this.#now += passed;
    this.#uptime += passed;
    if (this.#random.next() < 0.02) this.#now -= randomBelow(this.#random, 30_000);
    if (this.#random.next() < 0.005) this.#now += this.#anyOf(STORE_JUMPS);
    if (this.#random.next() < 0.02) {
      this.#machines[randomBelow(this.#random, this.#machines.length)]?.jump(this.#anyOf(CLOCK_JUMPS));
      this.#report.clocksSet += 1;
    }
    if (this.#random.next() < 0.1) this.#store.deliverLate(this.#random);
    if (this.#catalog === "glue" && this.#random.next() < 0.1) this.#glue.deliverLate(this.#random);
  }

  #anyOf<T>(all: readonly [T, ...(readonly T[])]): T {
    return all[randomBelow(this.#random, all.length)] ?? all[0];
  }

  #worldOf(process: SimulatedProcess | null): Clock {
    return {
      machineBoot: "simulated",
      now: () => unixMillis(this.#now),
      uptime: () => uptimeMillis(this.#uptime),
      sleep: () => (process === null ? Promise.resolve() : this.#turns.park(process)),
    };
  }

  /** Somebody's machine: its clock may be set by anything; nobody's is right. */
  #machineOf(process: SimulatedProcess | null): MachineClock {
    const clock = new MachineClock(this.#worldOf(process));
    if (process !== null) {
      this.#machines.push(clock);
      if (this.#random.next() < 0.3) clock.jump(this.#anyOf(CLOCK_JUMPS));
    }
    return clock;
  }

  #open(process: SimulatedProcess | null): {
    readonly table: IcebergTable;
    readonly store: MemoryObjectStore;
  } {
    const clock = this.#machineOf(process);
    const store = new MemoryObjectStore(this.#worldOf(process), this.#store);
    if (process !== null) {
      store.pause = () => this.#turns.park(process);
      store.fault = (operation) => this.#fault(operation);
    }
    const random = seededRandom(randomBelow(this.#random, 1 << 30));
    const options = { definition, store, clock, random, logger: silentLogger, retention: RETENTION };
    if (this.#catalog === "file") return { store, table: openLakeTable(options) };
    return { store, table: openLakeTable({ ...options, catalog: this.#glueCatalog(process, store) }) };
  }

  #glueCatalog(process: SimulatedProcess | null, store: MemoryObjectStore): GlueCatalog {
    const glue = new MemoryGlueTables(this.#glue);
    if (process !== null) {
      glue.pause = () => this.#turns.park(process);
      glue.fault = (operation) => this.#fault(operation === "replace" ? "putIfAbsent" : operation);
    }
    const files = new FileCatalog({ store, table: definition.name });
    return new GlueCatalog({ store, table: definition.name, glue, files, sha256: nodeSha256 });
  }

  #fault(operation: string): Exclude<StoreFault, "full"> | null {
    if (this.#random.next() >= this.#faults) return null;
    if (operation === "now" && randomBelow(this.#random, TIME_ASKED_EVERY) > 0) return null;
    const kinds: readonly Exclude<StoreFault, "full">[] =
      operation === "putIfAbsent"
        ? ["lost_request", "lost_answer", "late", "repeated"]
        : ["lost_request", "lost_answer"];
    return kinds[randomBelow(this.#random, kinds.length)] ?? null;
  }

  #name(): string {
    this.#names += 1;
    return `00000000-0000-4000-8000-${String(this.#names).padStart(12, "0")}`;
  }

  /** A worker: reads on from the table, writes a file, commits; may be killed anywhere and is started again. */
  async #writer(self: SimulatedProcess): Promise<void> {
    const { table, store } = this.#open(self);
    const victim = this.#random.next() < 0.15;
    if (victim) this.#turns.spawn((other) => this.#killer(other, self));
    let head: TableHead | null = null;
    for (let i = 0; i < BATCHES; i += 1) {
      try {
        if (head === null || this.#random.next() < 0.3) head = await table.head();
        const outcome = await this.#append(table, store, head);
        if (outcome.kind === "refused") throw new Error(`refused: ${outcome.reason}`);
        head = outcome.head;
        this.#report[outcome.kind === "committed" ? "committed" : "conflicts"] += 1;
      } catch (error) {
        if (!isRoadstreamError(error, "unavailable")) throw error;
        this.#report.unanswered += 1;
        head = null;
      }
    }
  }

  async #append(table: IcebergTable, store: MemoryObjectStore, base: TableHead): Promise<CommitOutcome> {
    const begunAt = beginWork(table.clock);
    const partition = randomBelow(this.#random, PARTITIONS_IN_USE);
    const from = base.ingest?.partitions[partition]?.next ?? 0;
    const to = from + 1 + randomBelow(this.#random, 5);
    const rows: string[] = [];
    for (let offset = from; offset < to; offset += 1)
      if (!isDouble(offset)) rows.push(recordName(partition, offset));
    const commitId = this.#name();
    const file = await this.#file(store, rows);
    const made = batch(definition, { base, partition, rows: to - from, key: file ?? "", commitId, begunAt });
    const outcome = await table.append({
      ...made,
      files: file === null ? [] : [dataFileOf(definition, file, rows.length, DAY)],
      puts: file === null ? [] : [file],
    });
    if (outcome.kind === "committed") for (const row of rows) this.#landed.add(row);
    return outcome;
  }

  async #file(store: MemoryObjectStore, rows: readonly string[]): Promise<string | null> {
    if (rows.length === 0) return null;
    const key = `gps_data/data/event_day=${DAY}/${this.#name()}.parquet`;
    this.#rows.set(key, rows);
    while ((await store.putIfAbsent(key, new TextEncoder().encode(rows.join(" ")))) === "unknown");
    return key;
  }

  async #killer(self: SimulatedProcess, victim: SimulatedProcess): Promise<void> {
    for (let wait = randomBelow(this.#random, 60); wait > 0; wait -= 1) await this.#turns.park(self);
    victim.alive = false;
    this.#report.killed += 1;
    this.#turns.spawn((next) => this.#writer(next));
  }

  /** Sees whole commits only, and time never goes back. */
  async #reader(self: SimulatedProcess): Promise<void> {
    const { table } = this.#open(self);
    let before = new Map<number, number>();
    for (let i = 0; i < 6; i += 1) {
      try {
        const head = await table.peek();
        if (head === null) continue;
        const after = new Map<number, number>();
        for (let p = 0; p < LOG_PARTITIONS; p += 1) after.set(p, head.ingest?.partitions[p]?.next ?? 0);
        for (const [p, next] of before)
          if ((after.get(p) ?? 0) < next)
            throw new Error(`offset of ${p} went back to ${after.get(p)} from ${next}`);
        before = after;
        this.#check(head, await table.files(head));
      } catch (error) {
        // Expired while it was being read: readers look at the head again.
        if (!isRoadstreamError(error, "unavailable") && !isRoadstreamError(error, "table_invalid"))
          throw error;
      }
    }
  }

  async #housekeeper(self: SimulatedProcess): Promise<void> {
    const { table, store } = this.#open(self);
    for (let i = 0; i < 4; i += 1) {
      try {
        const what = randomBelow(this.#random, 3);
        if (what === 0) await expireTable(table, RETENTION);
        if (what === 1)
          this.#report.orphans +=
            (await removeOrphans({ table, olderThan: hours(2), mode: "remove", ledgers: NO_LEDGERS }))
              ?.objects ?? 0;
        if (what === 2) this.#report.compacted += await this.#compact(table, store);
      } catch (error) {
        if (!isRoadstreamError(error, "unavailable") && !isRoadstreamError(error, "table_invalid"))
          throw error;
      }
    }
  }

  async #compact(table: IcebergTable, store: MemoryObjectStore): Promise<number> {
    const rewrite = async (files: readonly LiveFile[]) => {
      const rows = files.flatMap(({ key }) => this.#rows.get(key) ?? []);
      const key = await this.#file(store, rows);
      return key === null ? [] : [dataFileOf(definition, key, rows.length, DAY)];
    };
    return (await compactTable({ table, rewrite })).filesBefore;
  }

  #check(head: TableHead, files: readonly LiveFile[]): void {
    const rows = files.flatMap(({ key }) => this.#rows.get(key) ?? [`unknown file ${key}`]).sort();
    const due: string[] = [];
    for (const [partition, { next }] of Object.entries(head.ingest?.partitions ?? {})) {
      for (let offset = 0; offset < next; offset += 1)
        if (!isDouble(offset)) due.push(recordName(Number(partition), offset));
    }
    due.sort();
    if (rows.join() !== due.join())
      throw new Error(`version ${head.version} holds ${rows.join()}, its offsets say ${due.join()}`);
  }

  /** The end: a healthy reader finds each record once, no committed one is missing, and every file is there. */
  async #judge(): Promise<void> {
    const { table, store } = this.#open(null);
    const head = await table.head();
    const files = await table.files(head);
    this.#check(head, files);
    const there = new Set(files.flatMap(({ key }) => this.#rows.get(key) ?? []));
    for (const row of this.#landed)
      if (!there.has(row)) throw new Error(`${row} was committed and is not there`);
    for (const { key } of files)
      if ((await store.get(key)) === null) throw new Error(`live file ${key} was removed`);
    const { kind } = await this.#append(table, store, head);
    if (kind !== "committed") throw new Error(`whose clock is right cannot go on: ${kind}`);
  }
}
