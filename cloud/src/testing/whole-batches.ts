import { isRoadstreamError, RoadstreamError } from "@roadstream/shared";
import { readSlow } from "../ingest/read-record.ts";
import type { LakeTable, TableHead } from "../ports.ts";
import type { SimulatedCloud } from "./simulated-cloud.ts";

const TABLE = "gps_data";
/** Between finding the head and reading what it names, others go on for up to so many turns. */
const MAX_TURNS = 12;

/**
 * A reader that looks at gps_data at any moment, with the log at hand: a head holds, of each partition, exactly the
 * readings below its offset, each once, and no later head has less. Throws when it does not.
 */
export class WholeBatches {
  looks = 0;
  readonly #cloud: SimulatedCloud;
  readonly #partitions: number;
  readonly #table: LakeTable;
  /** Of each partition, who each record of the log is; null for one that is refused. */
  readonly #truth: (string | null)[][];
  readonly #read = new Map<string, readonly string[]>();
  #before = new Map<number, number>();
  #isLooking = false;

  constructor(cloud: SimulatedCloud, partitions: number) {
    this.#cloud = cloud;
    this.#partitions = partitions;
    this.#table = cloud.reader(TABLE);
    this.#truth = Array.from({ length: partitions }, () => []);
  }

  async look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      const head = await this.#table.peek();
      if (head !== null) await this.#judge(head);
    } catch (error) {
      // Expired while it was being read: a reader looks at the newest head again.
      if (!isRoadstreamError(error, "table_invalid")) throw error;
    } finally {
      this.#isLooking = false;
    }
  }

  async #judge(head: TableHead): Promise<void> {
    const offsets = new Map<number, number>();
    for (let partition = 0; partition < this.#partitions; partition += 1)
      offsets.set(partition, head.ingest?.partitions[partition]?.next ?? 0);
    for (let turn = this.#cloud.below(MAX_TURNS); turn > 0; turn -= 1) await Promise.resolve();
    const found: string[] = [];
    for (const { key } of await this.#table.files(head)) found.push(...(await this.#rowsOf(key, head)));
    const due = new Set<string>();
    for (const [partition, next] of offsets) {
      if (next < (this.#before.get(partition) ?? 0)) throw new Error(`partition ${partition} went back`);
      for (const identity of this.#truthOf(partition, next)) if (identity !== null) due.add(identity);
    }
    const isWhole = found.length === due.size && found.every((identity) => due.has(identity));
    if (!isWhole)
      throw new Error(`a reader saw ${found.join()} at ${JSON.stringify([...offsets])}: ${[...due].join()}`);
    this.#before = offsets;
    this.looks += 1;
  }

  #truthOf(partition: number, next: number): readonly (string | null)[] {
    const known = this.#truth[partition] ?? [];
    if (known.length < next) {
      const at = { topic: this.#cloud.topicOf(TABLE), partition };
      const slice = this.#cloud.log.store.read(at, known.length, Number.MAX_SAFE_INTEGER);
      if ("kind" in slice) throw new Error("the log lost records");
      for (const value of slice.values) {
        const record = readSlow(TABLE, value);
        known.push(record.kind === "record" ? `${record.vehicleId}/${record.seq}` : null);
      }
    }
    return known.slice(0, next);
  }

  async #rowsOf(key: string, head: TableHead): Promise<readonly string[]> {
    const known = this.#read.get(key);
    if (known !== undefined) return known;
    const bytes = await this.#cloud.objects.get(key);
    if (bytes === null) {
      const isNewest = (await this.#table.peek())?.version === head.version;
      if (isNewest) throw new Error(`${key} is named by the head and is not there`);
      throw new RoadstreamError(
        "table_invalid",
        `${key} was compacted, its snapshot expired, and is removed`,
      );
    }
    const rows = new TextDecoder()
      .decode(bytes)
      .split("\n")
      .map((line) => {
        const row = JSON.parse(line) as Record<string, unknown>;
        return `${String(row["vehicle_id"])}/${String(row["seq"])}`;
      });
    this.#read.set(key, rows);
    return rows;
  }
}
