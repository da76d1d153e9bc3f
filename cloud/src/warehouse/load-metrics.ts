import type { Clock, Metrics } from "@roadstream/shared";
import type { LoadRound } from "./warehouse-loader.ts";

/** What a loader tells of its rounds. */
export class LoadMetrics {
  readonly #clock: Clock;
  readonly #rows;
  readonly #files;
  readonly #failures;
  readonly #conflicts;
  readonly #loadedAt;

  constructor(metrics: Metrics, clock: Clock) {
    this.#clock = clock;
    const counter = (what: string, help: string) =>
      metrics.counter(`roadstream_warehouse_${what}_total`, help, ["table"]);
    this.#rows = counter("rows", "Rows of data files that were merged into the warehouse.");
    this.#files = counter("files", "Data files that were loaded.");
    this.#failures = counter("failures", "Loads that failed; the next round tries again.");
    this.#conflicts = counter("conflicts", "Loads that another loader came before.");
    this.#loadedAt = metrics.gauge(
      "roadstream_warehouse_loaded_timestamp_seconds",
      "When the warehouse was last found to have all that the lake has.",
    );
  }

  add({ tables, failures }: LoadRound): void {
    for (const { table, rows, files, conflicts } of tables) {
      this.#rows.add(rows, { table });
      this.#files.add(files, { table });
      this.#conflicts.add(conflicts, { table });
    }
    for (const { table } of failures) this.#failures.add(1, { table });
    if (failures.length === 0) this.#loadedAt.set(this.#clock.now() / 1000);
  }

  /** The warehouse could not be asked at all. */
  failed(): void {
    this.#failures.add(1, { table: "" });
  }
}
