import { millis, randomBelow, seededRandom, silentLogger, type Random } from "@roadstream/shared";
import { objectsAt } from "../object-store/objects-at.ts";
import { cellText } from "../sql/cell-text.ts";
import { WarehouseLoader } from "../warehouse/warehouse-loader.ts";
import { COUNTED_ROWS } from "./counted-rows.ts";
import { MortalProcess } from "./mortal.ts";
import { hastyClock, RedshiftBed } from "./redshift-bed.ts";
import type { StandInEngine } from "./redshift-engine.ts";
import { WrittenLake } from "./written-lake.ts";

export interface InterruptedLoadsOptions {
  readonly seed: number;
  /** Before which operations a loader dies, one loader each; a request counts twice, when it is sent and when it is answered. */
  readonly deaths: readonly number[];
  /** Given the store whose files it has to read. */
  readonly engine: (written: WrittenLake) => Promise<StandInEngine>;
}

/** Of a clock that makes a thirtieth of it. */
const LOOK = millis(60);
const CARS = ["car-1", "car-2", "car-3"];
const DAYS = ["2026-03-01", "2026-03-02", "2026-03-03"];

/** One history of a lake and its warehouse. */
class InterruptedLoads {
  readonly random: Random;
  readonly written: WrittenLake;
  readonly bed: RedshiftBed;
  #seq = 0;

  constructor(random: Random, written: WrittenLake, bed: RedshiftBed) {
    this.random = random;
    this.written = written;
    this.bed = bed;
  }

  below(bound: number): number {
    return randomBelow(this.random, bound);
  }

  /** Something happens to the lake. */
  async change(): Promise<void> {
    const day = DAYS[this.below(DAYS.length)] ?? "";
    const rows = Array.from({ length: 1 + this.below(4) }, () => ({
      vehicle_id: CARS[this.below(CARS.length)] ?? "",
      boot_id: "b",
      seq: (this.#seq += 1),
      event_at: `${day}T10:00:00.000Z`,
      landed_at: `${day}T11:00:00.000Z`,
      fix: "3d",
    }));
    await this.written.append("gps_data", rows);
    const dice = this.below(10);
    if (dice === 0) await this.written.compact("gps_data");
    if (dice === 1) await this.written.remove("gps_data", `seq % 7 = ${this.below(7)}`);
    if (dice <= 2) await this.written.expire("gps_data");
  }

  /** A new process that loads once; resolves also when it has died. */
  async load(owner: MortalProcess): Promise<void> {
    const { store } = this.written.lake;
    const loader = new WarehouseLoader({
      lake: this.written.lake.tables,
      tables: ["gps_data"],
      facts: COUNTED_ROWS,
      open: () => Promise.resolve(this.bed.warehouse({ store, random: this.random, owner })),
      objectsAt: objectsAt(store),
      clock: hastyClock,
      random: this.random,
      logger: silentLogger,
      signal: new AbortController().signal,
    });
    const round = loader.round();
    const died = async () => {
      while (!owner.isDead) await hastyClock.sleep(LOOK);
    };
    const ended = await Promise.race([round, died()]);
    owner.die();
    for (const { table, error } of ended?.failures ?? [])
      throw new Error(`${table} was not loaded`, { cause: error });
  }

  /** What the warehouse and its facts say differently from the lake. */
  async differences(): Promise<readonly string[]> {
    const { store } = this.written.lake;
    await using warehouse = this.bed.warehouse({ store, random: this.random });
    const text = async (sql: string) => (await warehouse.query(sql)).map((row) => row.join(" ")).sort();
    const lake = await this.written.rows("gps_data");
    const cells = lake.map((row) =>
      ["vehicle_id", "seq", "event_at"].map((name) => cellText(row[name] ?? null) ?? ""),
    );
    const day = "CAST(CAST(event_at AT TIME ZONE 'UTC' AS DATE) AS VARCHAR(10))";
    const rows = await text(`SELECT vehicle_id, seq, ${day} FROM gps_data`);
    const facts = await text("SELECT vehicle_id, CAST(day AS VARCHAR(10)), positions FROM counted_rows");
    const counted = Map.groupBy(cells, ([car = "", , at = ""]) => `${car} ${at.slice(0, 10)}`);
    return [
      ...difference(
        rows,
        cells.map(([car = "", seq = "", at = ""]) => `${car} ${seq} ${at.slice(0, 10)}`).sort(),
      ),
      ...difference(facts, [...counted].map(([pair, of]) => `${pair} ${of.length}`).sort()),
    ];
  }
}

const difference = (there: readonly string[], here: readonly string[]): readonly string[] => {
  const doubled = there.filter((row, at) => row === there[at - 1]);
  return [
    ...doubled.map((row) => `twice: ${row}`),
    ...there.filter((row) => !here.includes(row)).map((row) => `only in the warehouse: ${row}`),
    ...here.filter((row) => !there.includes(row)).map((row) => `not in the warehouse: ${row}`),
  ];
};

/**
 * Loaders that die at each of their requests, two at a time, while what they began goes on in the warehouse; after each
 * of them one that lives. Returns every difference that was ever found, which must be none.
 */
export const interruptedLoads = async ({
  seed,
  deaths,
  engine,
}: InterruptedLoadsOptions): Promise<readonly string[]> => {
  await using written = await WrittenLake.open();
  await using bed = await RedshiftBed.open(
    await engine(written),
    "redshift://roadstream/cars?region=eu-west-1",
  );
  const history = new InterruptedLoads(seededRandom(seed), written, bed);
  const found: string[] = [];
  for (const death of deaths) {
    await history.change();
    const [doomed, other] = [new MortalProcess(), new MortalProcess()];
    doomed.dieAfter(death);
    await Promise.all([history.load(doomed), ...(history.below(2) === 0 ? [history.load(other)] : [])]);
    await history.change();
    await history.load(new MortalProcess());
    found.push(...(await history.differences()).map((text) => `after death ${death}: ${text}`));
  }
  return found;
};
