import type { Counter, Metrics } from "@roadstream/shared";
import type { Fix } from "../nmea/fix.ts";
import type { NmeaCounts } from "../nmea/nmea-parser.ts";

/** Reports a parser's running totals as counters; a new channel has a new parser, and the counters go on. */
export class GpsMetrics {
  readonly #bytes: Counter;
  readonly #discarded: Counter;
  readonly #sentences: Counter;
  readonly #refused: Counter;
  readonly #epochs: Counter;
  readonly #late: Counter;
  readonly #readings: Counter;
  readonly #doubted: Counter;
  readonly #reported = new Map<Counter, Map<string, number>>();

  constructor(metrics: Metrics) {
    const name = (what: string): string => `roadstream_agent_gps_${what}_total`;
    this.#bytes = metrics.counter(name("bytes"), "Bytes from the receiver.");
    this.#discarded = metrics.counter(name("discarded_bytes"), "Bytes that are no sentence, by reason.", [
      "reason",
    ]);
    this.#sentences = metrics.counter(name("sentences"), "Sentences by type.", ["type"]);
    this.#refused = metrics.counter(name("refused_sentences"), "Sentences not believed, by reason.", [
      "reason",
    ]);
    this.#epochs = metrics.counter(name("epochs"), "Epochs of the receiver.");
    this.#late = metrics.counter(name("late_sentences"), "Sentences after the end of their epoch.");
    this.#readings = metrics.counter(name("readings"), "Rows by kind of fix.", ["fix"]);
    this.#doubted = metrics.counter(
      name("doubted_fixes"),
      "Fixes that the receiver claims and cannot have.",
      ["reason"],
    );
  }

  reading({ kind, doubt }: Fix): void {
    this.#readings.add(1, { fix: kind });
    if (doubt !== null) this.#doubted.add(1, { reason: doubt });
  }

  /** Adds what has changed since the last report of this parser. */
  report(counts: NmeaCounts): void {
    this.#total(this.#bytes, "", counts.framer.bytesIn);
    for (const [reason, bytes] of Object.entries(counts.discarded))
      this.#total(this.#discarded, "reason", bytes, reason);
    for (const [type, total] of Object.entries(counts.sentences))
      this.#total(this.#sentences, "type", total, type);
    this.#total(this.#sentences, "type", counts.unsupported, "unsupported");
    for (const [reason, total] of Object.entries(counts.refused))
      this.#total(this.#refused, "reason", total, reason);
    this.#total(this.#epochs, "", counts.epochs.epochs);
    this.#total(this.#late, "", counts.epochs.late + counts.epochs.unattached);
  }

  /** The next report is of a new parser, which counts from 0. */
  restart(): void {
    this.#reported.clear();
  }

  #total(counter: Counter, label: string, total: number, value = ""): void {
    const totals = this.#reported.get(counter) ?? new Map<string, number>();
    this.#reported.set(counter, totals);
    const added = total - (totals.get(value) ?? 0);
    if (added === 0) return;
    totals.set(value, total);
    counter.add(added, label === "" ? {} : { [label]: value });
  }
}
