import { nodeSha256 } from "@roadstream/shared/adapters";
import {
  days,
  isoTime,
  isRoadstreamError,
  silentLogger,
  uuidV7,
  type TableName,
  type Zstd,
} from "@roadstream/shared";
import type { EraseReport } from "../erase/erase-report.ts";
import { eraseVehicle } from "../erase/erase-vehicle.ts";
import { readAvroFile } from "../lake/avro-file.ts";
import { compactTable } from "../lake/compact-table.ts";
import { openLakeTable, type IcebergTable } from "../lake/lake-table.ts";
import { reachableKeys } from "../lake/reachable-keys.ts";
import { namedLedgers } from "../ledger/named-ledgers.ts";
import { ownRemovedRows } from "../lake/table-history.ts";
import { TABLE_NAMES, tableDefinition } from "../lake/table-definition.ts";
import type { TextsOfFiles } from "../ports.ts";
import { dropDays } from "../retain/drop-days.ts";
import { setRetainDays } from "../retain/retention.ts";
import { loadTombstones } from "../ledger/tombstone-file.ts";
import { MachineClock } from "./machine-clock.ts";
import { MemoryObjectStore } from "./memory-object-store.ts";
import { MemoryVehicleRows } from "./memory-vehicle-rows.ts";
import { MortalProcess } from "./mortal.ts";
import { SimulatedCloud } from "./simulated-cloud.ts";

const TABLES = ["gps_data", "dead_letters"] as const;
const PARTITIONS = 2;
const CARS = 4;
/** Begins with no other car's name. */
const VICTIM = "victim";
const BOOT = "01890000-0000-7000-8000-000000000001";
const BAD_LATITUDE = 91;
const MAX_TURNS = 4000;
/** By which the clock of every other visitor's machine is wrong. */
const AHEAD_MS = days(400);
const noZstd: Zstd = { compress: (bytes) => bytes, decompress: (bytes) => bytes };

/** Someone else than a worker, who may die at any operation on the store. */
interface Visitor {
  readonly process: MortalProcess;
  readonly tables: Readonly<Record<TableName, IcebergTable>>;
  readonly rows: MemoryVehicleRows;
}

/** Cars, workers, and an operator who erases one of the cars, killed as often as it pleases the seed. */
export class EraseSimulation extends SimulatedCloud {
  /** How often retention was tried. */
  drops = 0;
  /** Whether the car that is erased still sends. */
  victimDrives = true;
  readonly #next = new Map<string, number>();
  #visits = 0;

  constructor(seed: number) {
    super({
      seed,
      lake: "iceberg",
      tables: TABLES,
      partitions: PARTITIONS,
      refuses: (line) => line.includes(`"latitude":${BAD_LATITUDE},`),
    });
    // The day that all rows are of is over.
    this.clock.jumpWall(days(10));
  }

  /** Some readings of one car: new ones, copies, and wrong ones. */
  drive(): void {
    const car = this.below(CARS);
    const vehicle = car > 0 || !this.victimDrives ? `car-${car}` : VICTIM;
    const records = Array.from({ length: 1 + this.below(5) }, () => {
      const newest = this.#next.get(vehicle) ?? 0;
      const dice = this.below(10);
      const isCopy = dice < 3 && newest > 0;
      const seq = isCopy ? 1 + this.below(newest) : newest + 1;
      if (!isCopy) this.#next.set(vehicle, seq);
      const time = isoTime(this.clock.now());
      const value =
        dice === 9
          ? `{"v":1,"vehicle_id":"${vehicle}","nonsense":`
          : `{"v":1,"vehicle_id":"${vehicle}","boot_id":"${BOOT}","machine_boot":"m","received_at":"${time}",` +
            `"seq":${seq},"captured_at":"${time}","clock":"gnss","uptime_ms":1000,"fix":"3d",` +
            `"latitude":${dice === 8 ? BAD_LATITUDE : 41.25},"longitude":-95.5}`;
      return { topic: this.topics.streams.gps_data, key: vehicle, value };
    });
    this.log.store.append(records);
  }

  /** Null when it was killed, or gave up; `beside` is what others do meanwhile. */
  async erase(dieAfter: number | null, beside: () => Promise<void> | void): Promise<EraseReport | null> {
    const { process, tables, rows } = this.#visitor(dieAfter);
    return this.#watch(
      process,
      eraseVehicle({
        tables,
        rows,
        vehicle: VICTIM,
        zstd: noZstd,
        sha256: nodeSha256,
        logger: silentLogger,
        signal: new AbortController().signal,
        filesPerCommit: 1 + this.below(3),
        mode: "erase",
      }),
      beside,
    );
  }

  /** Drops all days that are over; readings of them that land later stay until the next time. */
  async retain(dieAfter: number | null, beside: () => Promise<void> | void): Promise<void> {
    const { process, tables } = this.#visitor(dieAfter);
    const table = tables.gps_data;
    const { signal } = new AbortController();
    const pictureKeys: TextsOfFiles = async function* () {
      yield await Promise.resolve([]);
    };
    const drop = async () => {
      await setRetainDays(table, 1);
      return dropDays({ table, pictureKeys, signal });
    };
    // Also one that was killed: perhaps behind its commit.
    this.drops += 1;
    await this.#watch(process, drop(), beside);
  }

  async compact(dieAfter: number | null, beside: () => Promise<void> | void): Promise<void> {
    const { process, tables, rows } = this.#visitor(dieAfter);
    const table = tables.gps_data;
    const rewrite: Parameters<typeof compactTable>[0]["rewrite"] = (files) =>
      rows.together(table.definition, files);
    await this.#watch(process, compactTable({ table, rewrite, before: "2027-01-01" }), beside);
  }

  async #watch<T>(
    process: MortalProcess,
    work: Promise<T>,
    beside: () => Promise<void> | void,
  ): Promise<T | null> {
    const state: { value: T | null; isOver: boolean; error: unknown } = {
      value: null,
      isOver: false,
      error: null,
    };
    work.then(
      (value) => Object.assign(state, { value, isOver: true }),
      (error: unknown) => Object.assign(state, { error, isOver: true }),
    );
    for (let turn = 0; !state.isOver && !process.isDead; turn += 1) {
      if (turn === MAX_TURNS) throw new Error("it comes to no end");
      await this.advance(20);
      await beside();
    }
    // Lost requests, and files that another erasure or compaction was faster with: a person tries again.
    const mayPass = ["unavailable", "table_invalid", "storage"] as const;
    if (state.error !== null && !mayPass.some((code) => isRoadstreamError(state.error, code)))
      throw state.error;
    return state.value;
  }

  #visitor(dieAfter: number | null): Visitor {
    const process = new MortalProcess();
    if (dieAfter !== null) process.dieAfter(dieAfter);
    const store = new MemoryObjectStore(this.clock, this.objects);
    store.pause = process.step;
    // Reading is tried again by the store itself: one that is lost for good would end every erasure here.
    store.fault = (operation) => (operation === "get" ? null : this.world.storeFault(operation));
    const { random } = this;
    const clock = new MachineClock(this.clock);
    if ((this.#visits += 1) % 2 === 0) clock.jump(AHEAD_MS);
    const tables = Object.fromEntries(
      TABLE_NAMES.map((name) => [
        name,
        openLakeTable({ definition: tableDefinition(name), store, clock, random, logger: silentLogger }),
      ]),
    ) as Record<TableName, IcebergTable>;
    const rows = new MemoryVehicleRows({ store, uuid: () => uuidV7(clock.now(), random) });
    return { process, tables, rows };
  }

  /** The objects that name the victim, unpacked. */
  async naming(): Promise<readonly string[]> {
    const found: string[] = [];
    for (const key of this.objects.keys) {
      const bytes = (await this.objects.get(key)) ?? new Uint8Array();
      const content = key.endsWith(".avro")
        ? JSON.stringify((await readAvroFile(bytes, key)).records, (_, value: unknown) =>
            typeof value === "bigint" ? String(value) : value,
          )
        : Buffer.from(bytes)
            .toString("latin1")
            .split("\n")
            .map(
              (line) =>
                `${line} ${Buffer.from(/"payload":"([^"]*)"/.exec(line)?.[1] ?? "", "base64").toString()}`,
            )
            .join("\n");
      if (content.includes(VICTIM)) found.push(key);
    }
    return found;
  }

  /** Of those, what no table stands on: it holds what an erasure took out, or never came into a table. */
  async debris(): Promise<readonly string[]> {
    const { tables } = this.#visitor(null);
    const named = new Set<string>();
    for (const name of TABLES) {
      const head = await tables[name].head();
      const ledgers = await namedLedgers({ store: this.objects, zstd: noZstd }, name, head);
      for (const key of [...(await reachableKeys(tables[name], head.stored)), ...ledgers]) named.add(key);
    }
    return (await this.naming()).filter((key) => !named.has(key));
  }

  /** Throws unless all others' readings are there once, or were dropped, and ledgers, tombstones and rows add up. */
  async judge(): Promise<void> {
    const landed = (await this.rows("gps_data")).map(
      (row) => `${String(row["vehicle_id"])}/${String(row["seq"])}`,
    );
    const wanted = new Set<string>();
    for (let partition = 0; partition < PARTITIONS; partition += 1) {
      const slice = this.log.store.read({ topic: "gps_data", partition }, 0, Number.MAX_SAFE_INTEGER);
      if ("kind" in slice) throw new Error("the log lost records");
      for (const value of slice.values) {
        const [, vehicle, seq] = /"vehicle_id":"(car-\d)".*"seq":(\d+),.*"latitude":41/.exec(value) ?? [];
        if (vehicle !== undefined) wanted.add(`${vehicle}/${seq}`);
      }
    }
    const isWhole =
      landed.length === wanted.size || (this.drops > 0 && new Set(landed).size === landed.length);
    if (!isWhole || landed.some((one) => !wanted.has(one)))
      throw new Error(`rows ${landed.toSorted().join()}, wanted ${[...wanted].sort().join()}`);
    let listed = 0;
    let counted = 0;
    for (const ledger of await this.ledgers("gps_data")) {
      counted += ledger.counts().landed;
      for (const series of ledger.series()) listed += series.landed.size;
    }
    const head = await this.reader("gps_data").head();
    for (const [text, { erased }] of Object.entries(head.ingest?.partitions ?? {})) {
      const access = { store: this.objects, zstd: noZstd, sha256: nodeSha256 };
      const place = { table: "gps_data" as const, partition: Number(text) };
      for (const one of (await loadTombstones(access, place, erased ?? null)).all())
        listed += one.landed.size;
    }
    const removed = ownRemovedRows(head.stored.metadata);
    if (counted !== listed || counted !== landed.length + removed)
      throw new Error(`counted ${counted}, listed ${listed}, rows ${landed.length}, removed ${removed}`);
  }
}
