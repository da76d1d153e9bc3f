import type { CheckpointBoot, StreamName } from "@roadstream/shared";
import type { StoredBoot, StoredState } from "../ports.ts";
import { SeriesLedger } from "./series-ledger.ts";

/** One boot of the agent with its series, as known and durable. */
export interface BootEntry {
  readonly boot: StoredBoot;
  readonly series: ReadonlyMap<StreamName, SeriesLedger>;
}

export const isFullySettled = (entry: BootEntry): boolean =>
  entry.boot.closed && [...entry.series.values()].every((series) => series.isSettled);

export const checkpointBoot = (entry: BootEntry): CheckpointBoot => ({
  boot_id: entry.boot.bootId,
  closed: entry.boot.closed,
  streams: Object.fromEntries([...entry.series].map(([stream, series]) => [stream, series.checkpoint()])),
});

/** All boots that the outbox still speaks of, oldest first. */
export class BootBook {
  readonly #boots = new Map<string, { boot: StoredBoot; series: Map<StreamName, SeriesLedger> }>();

  static load(state: StoredState): BootBook {
    const book = new BootBook();
    for (const boot of state.boots) book.putBoot(boot);
    for (const stored of state.series) {
      const machineBoot = book.entry(stored.bootId)?.boot.machineBoot;
      if (machineBoot !== undefined) book.putSeries(SeriesLedger.load(stored, machineBoot));
    }
    return book;
  }

  entry(bootId: string): BootEntry | null {
    return this.#boots.get(bootId) ?? null;
  }

  get entries(): readonly BootEntry[] {
    return [...this.#boots.values()];
  }

  series(bootId: string, stream: StreamName): SeriesLedger | null {
    return this.#boots.get(bootId)?.series.get(stream) ?? null;
  }

  putBoot(boot: StoredBoot): void {
    const entry = this.#boots.get(boot.bootId);
    if (entry === undefined) this.#boots.set(boot.bootId, { boot, series: new Map() });
    else entry.boot = boot;
  }

  putSeries(series: SeriesLedger): void {
    this.#boots.get(series.bootId)?.series.set(series.stream, series);
  }

  forget(bootId: string): void {
    this.#boots.delete(bootId);
  }
}
