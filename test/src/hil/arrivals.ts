import { setTimeout as sleep } from "node:timers/promises";
import { MemoryMetrics, OWN_COLUMNS, silentLogger, type StreamName } from "@roadstream/shared";
import { systemClock, systemRandom } from "@roadstream/shared/adapters";
import { openEventLog, type EventLog } from "@roadstream/shared/event-log";

/** One record as the gateway put it into the log; a column that it does not name is null. */
export interface Arrival {
  readonly boot_id: string;
  readonly seq: number;
  readonly uptime_ms: number;
  readonly [column: string]: string | number | boolean | null;
}

const READ_BYTES = 1024 * 1024;
const LOOK_EVERY_MS = 100;
const DEADLINE_MS = 20_000;

/** What has arrived in a log of one partition, in the order of arrival, doubles and all. */
export class Arrivals implements AsyncDisposable {
  readonly #log: EventLog;
  readonly #rows = new Map<StreamName, { next: number; readonly rows: Arrival[] }>();

  private constructor(log: EventLog) {
    this.#log = log;
  }

  static async open(file: string): Promise<Arrivals> {
    const options = { clock: systemClock(), random: systemRandom(), env: {} };
    const about = { logger: silentLogger, metrics: new MemoryMetrics() };
    return new Arrivals(await openEventLog(`sqlite:${file}`, { ...options, ...about }));
  }

  async rows(stream: StreamName): Promise<readonly Arrival[]> {
    const known = this.#rows.get(stream) ?? { next: 0, rows: [] };
    this.#rows.set(stream, known);
    const blank = Object.fromEntries(OWN_COLUMNS[stream].map(({ name }) => [name, null]));
    for (;;) {
      const slice = await this.#log.read({ topic: stream, partition: 0 }, known.next, READ_BYTES);
      if ("kind" in slice) throw new Error(`the log has lost offset ${known.next} of ${stream}`);
      const last = slice.offsets.at(-1);
      if (last === undefined) return [...known.rows];
      for (const value of slice.values)
        known.rows.push({
          ...blank,
          ...JSON.parse(Buffer.from(value, "latin1").toString("utf8")),
        } as Arrival);
      known.next = last + 1;
    }
  }

  /** The first row from index `from` on that fits; rejects at the deadline. */
  async until(
    stream: StreamName,
    what: string,
    fits: (row: Arrival) => boolean,
    options: { readonly from?: number; readonly deadlineMs?: number } = {},
  ): Promise<Arrival> {
    const deadlineMs = options.deadlineMs ?? DEADLINE_MS;
    const deadline = performance.now() + deadlineMs;
    for (;;) {
      const rows = await this.rows(stream);
      const found = rows.slice(options.from ?? 0).find(fits);
      if (found !== undefined) return found;
      if (performance.now() > deadline)
        throw new Error(
          `${what}: no such row of ${stream} within ${deadlineMs} ms; the last is ${JSON.stringify(rows.at(-1))}`,
        );
      await sleep(LOOK_EVERY_MS);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#log[Symbol.asyncDispose]();
  }
}
