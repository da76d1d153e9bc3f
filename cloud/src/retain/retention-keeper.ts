import { days, errorText, hours, seconds, withDeadline, type Clock, type Logger } from "@roadstream/shared";
import type { IcebergTable } from "../lake/lake-table.ts";
import type { TextsOfFiles } from "../ports.ts";
import { dropDays } from "./drop-days.ts";

/** A day is over once a day; an hour is how late it goes. */
const PASS_EVERY = hours(1);
/** Where only the clock says that days are past, they go when it has said so for this long: time to set a wrong one right. */
const DOUBT_LASTS = days(1);
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
  /** By table: since when only the clock says that days are past, in monotonic time. */
  readonly #doubts = new Map<string, number>();
  readonly #stop = new AbortController();
  readonly #first: Promise<void>;
  readonly #all: Promise<void>;

  constructor(options: RetentionKeeperOptions) {
    this.#options = options;
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

  #onClockAlone(table: string): "drop" | "leave" {
    const since = this.#doubts.get(table);
    return since !== undefined && this.#options.clock.uptime() - since >= DOUBT_LASTS ? "drop" : "leave";
  }

  #doubt(table: string, daysLeft: number): void {
    const { clock, logger } = this.#options;
    if (daysLeft === 0) {
      this.#doubts.delete(table);
      return;
    }
    if (!this.#doubts.has(table)) this.#doubts.set(table, clock.uptime());
    logger.warn("days_doubtful", { table, days: daysLeft });
  }

  async #pass(): Promise<void> {
    const { tables, pictureKeys, logger } = this.#options;
    const { signal } = this.#stop;
    for (const [name, table] of Object.entries(tables)) {
      if (signal.aborted) return;
      try {
        const report = await dropDays({ table, pictureKeys, onClockAlone: this.#onClockAlone(name), signal });
        if (report.files + report.objects > 0) logger.info("days_dropped", { table: name, ...report });
        this.#doubt(name, report.daysLeft);
      } catch (error) {
        logger.warn("days_not_dropped", { table: name, reason: errorText(error) });
      }
    }
  }
}
