export type Labels = Readonly<Record<string, string>>;

export interface Counter {
  add(amount?: number, labels?: Labels): void;
}
export interface Gauge {
  set(value: number, labels?: Labels): void;
  /** From now on nothing is said of these labels: what is not known any more must not stay as it was. */
  remove(labels: Labels): void;
}
export interface Histogram {
  observe(value: number, labels?: Labels): void;
}

/** Names follow Prometheus: `roadstream_<stage>_<what>_<unit>_total`; labels are few and bounded, never a vehicle id. */
export interface Metrics {
  counter(name: string, help: string, labels?: readonly string[]): Counter;
  gauge(name: string, help: string, labels?: readonly string[]): Gauge;
  histogram(name: string, help: string, buckets: readonly number[], labels?: readonly string[]): Histogram;
}

/** Counts in memory: for tests, summaries and the `received = sent + dropped + held` invariant. */
export class MemoryMetrics implements Metrics {
  readonly #values = new Map<string, number>();

  /** The value of a counter or gauge (sum of observations for a histogram); 0 when never touched. */
  value(name: string, labels: Labels = {}): number {
    return this.#values.get(this.#key(name, labels)) ?? 0;
  }

  /** Whether something is said of it. */
  has(name: string, labels: Labels = {}): boolean {
    return this.#values.has(this.#key(name, labels));
  }

  counter(name: string): Counter {
    return { add: (amount = 1, labels = {}) => this.#bump(name, labels, amount) };
  }

  gauge(name: string): Gauge {
    return {
      set: (value, labels = {}) => void this.#values.set(this.#key(name, labels), value),
      remove: (labels) => void this.#values.delete(this.#key(name, labels)),
    };
  }

  histogram(name: string): Histogram {
    return { observe: (value, labels = {}) => this.#bump(name, labels, value) };
  }

  #bump(name: string, labels: Labels, amount: number): void {
    const key = this.#key(name, labels);
    this.#values.set(key, (this.#values.get(key) ?? 0) + amount);
  }

  #key(name: string, labels: Labels): string {
    const pairs = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
    return `${name}{${pairs.map(([k, v]) => `${k}=${v}`).join(",")}}`;
  }
}
