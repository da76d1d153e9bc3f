import {
  errorText,
  hours,
  seconds,
  withDeadline,
  type Clock,
  type Logger,
  type UnixMillis,
} from "@roadstream/shared";
import type { IcebergTable } from "../lake/lake-table.ts";
import type { TextsOfFiles } from "../ports.ts";
import { BelievedToday } from "./believed-today.ts";
import { dropDays } from "./drop-days.ts";

/** A day is over once a day; an hour is how late it goes. */
const PASS_EVERY = hours(1);
/** At its end a worker gives a pass under way so long: the next one goes on. */
const LAST_LIMIT = seconds(3);

export interface RetentionKeeperOptions {
  readonly tables: Readonly<Record<string, IcebergTable>>;
  readonly pictureKeys: TextsOfFiles;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Drops days that are past their tables' limits, beside a worker's work and never in its way: whatever goes wrong is
 * said, and tried again an hour later. Several workers may do so at once: whoever comes second finds nothing left.
 */
export class RetentionKeeper implements AsyncDisposable {
  readonly #options: RetentionKeeperOptions;
  readonly #today: BelievedToday;
  readonly #stop = new AbortController();
  readonly #first: Promise<void>;
  readonly #all: Promise<void>;

  constructor(options: RetentionKeeperOptions) {
    this.#options = options;
    this.#today = new BelievedToday(Object.values(options.tables), options.clock);
    this.#first = this.#pass();
    this.#all = this.#goOn();
  }

  /** Resolves when all tables have been gone through once; never rejects. */
  firstPass(): Promise<void> {
    return this.#first;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    const { clock, logger } = this.#options;
    try {
      await withDeadline(clock, LAST_LIMIT, "end the retention pass", () => this.#all);
    } catch (error) {
      logger.warn("days_not_dropped", { reason: errorText(error) });
    }
  }

  async #goOn(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stop;
    await this.#first;
    while (!signal.aborted) {
      try {
        await clock.sleep(PASS_EVERY, signal);
      } catch {
        return;
      }
      await this.#pass();
    }
  }

  async #pass(): Promise<void> {
    const { tables, pictureKeys, logger } = this.#options;
    const { signal } = this.#stop;
    let today: UnixMillis | null;
    try {
      today = await this.#today.now();
    } catch (error) {
      logger.warn("days_not_dropped", { reason: errorText(error) });
      return;
    }
    for (const [name, table] of Object.entries(tables)) {
      if (signal.aborted) return;
      try {
        const report = await dropDays({ table, pictureKeys, today, signal });
        if (report.files + report.objects + report.pictures > 0)
          logger.info("days_dropped", { table: name, ...report });
        if (report.daysLeft > 0) logger.warn("days_doubtful", { table: name, days: report.daysLeft });
      } catch (error) {
        logger.warn("days_not_dropped", { table: name, reason: errorText(error) });
      }
    }
  }
}
