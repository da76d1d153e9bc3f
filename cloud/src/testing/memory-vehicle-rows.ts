import type { UnclaimedLetter, VehicleRows } from "../erase/ports.ts";
import { tableDefinition } from "../lake/table-definition.ts";
import { putNewObject } from "../object-store/put-new-object.ts";
import type { LiveFile, NewDataFile, ObjectStore, TableDefinition } from "../ports.ts";

type Row = Readonly<Record<string, unknown>>;

interface Line {
  readonly text: string;
  readonly row: Row;
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

const isIts = ({ name }: TableDefinition, { row }: Line, vehicle: string): boolean =>
  row["vehicle_id"] === vehicle ||
  (name === "dead_letters" &&
    Buffer.from(text(row["payload"]), "base64").includes(`"vehicle_id":"${vehicle}"`));

/** The rows that {@link MemoryRowWriter} wrote, for simulations that need no database. */
export class MemoryVehicleRows implements VehicleRows {
  readonly #store: ObjectStore;
  readonly #uuid: () => string;

  constructor(options: { readonly store: ObjectStore; readonly uuid: () => string }) {
    this.#store = options.store;
    this.#uuid = options.uuid;
  }

  async count(
    definition: TableDefinition,
    keys: readonly string[],
    vehicle: string,
  ): Promise<ReadonlyMap<string, number>> {
    const found = new Map<string, number>();
    for (const key of keys) {
      const rows = (await this.#lines(key)).filter((line) => isIts(definition, line, vehicle)).length;
      if (rows > 0) found.set(key, rows);
    }
    return found;
  }

  async without(definition: TableDefinition, file: LiveFile, vehicle: string): Promise<NewDataFile | null> {
    const rest = (await this.#lines(file.key)).filter((line) => !isIts(definition, line, vehicle));
    return rest.length === 0
      ? null
      : this.write(
          definition,
          file.day,
          rest.map((line) => line.text),
        );
  }

  pictures(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  async unclaimedLetters(keys: readonly string[], vehicle: string): Promise<readonly UnclaimedLetter[]> {
    const letters: UnclaimedLetter[] = [];
    for (const key of keys) {
      for (const line of await this.#lines(key)) {
        const { row } = line;
        const isClaimed = row["seq_from"] !== undefined && row["vehicle_id"] === vehicle;
        if (!isClaimed && isIts(tableDefinition("dead_letters"), line, vehicle))
          letters.push({ partition: Number(row["log_partition"]), id: text(row["dead_letter_id"]) });
      }
    }
    return letters;
  }

  /** The rows of several files in one: what compaction does. */
  async together(definition: TableDefinition, files: readonly LiveFile[]): Promise<readonly NewDataFile[]> {
    const lines: string[] = [];
    for (const { key } of files) lines.push(...(await this.#lines(key)).map((line) => line.text));
    return [await this.write(definition, files[0]?.day ?? "", lines)];
  }

  async write(definition: TableDefinition, day: string, lines: readonly string[]): Promise<NewDataFile> {
    const key = `${definition.name}/data/event_day=${day}/${this.#uuid()}.ndjson`;
    const bytes = Buffer.from(lines.join("\n"), "latin1");
    await putNewObject(this.#store, key, bytes);
    return { key, sizeBytes: bytes.length, rows: lines.length, day, columns: [] };
  }

  async #lines(key: string): Promise<readonly Line[]> {
    const bytes = (await this.#store.get(key)) ?? new Uint8Array();
    const lines = Buffer.from(bytes).toString("latin1").split("\n");
    return lines.filter((line) => line !== "").map((line) => ({ text: line, row: JSON.parse(line) as Row }));
  }
}
