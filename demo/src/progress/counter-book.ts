import type { Samples } from "./prometheus-text.ts";

/** A counter of a stage: of one name, or of one series of that name. */
export interface CounterName {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Counters of stages that may die: each start counts from zero, so the last sample of every start is kept. */
export class CounterBook {
  readonly #pages = new Map<string, Map<number, Samples>>();

  /** `pid` names the start. */
  note(stage: string, pid: number, samples: Samples): void {
    const pages = this.#pages.get(stage) ?? new Map<number, Samples>();
    pages.set(pid, samples);
    this.#pages.set(stage, pages);
  }

  /** Over all starts of the stage. */
  total(stage: string, { name, labels }: CounterName): number {
    let sum = 0;
    for (const samples of this.#pages.get(stage)?.values() ?? []) sum += samples.sum(name, labels);
    return sum;
  }

  /** Of one start of the stage, as it was seen last. */
  ofStart(stage: string, pid: number, { name, labels }: CounterName): number {
    return this.#pages.get(stage)?.get(pid)?.sum(name, labels) ?? 0;
  }

  /** A gauge: of the start that was sampled last. */
  now(stage: string, { name, labels }: CounterName): number {
    return [...(this.#pages.get(stage)?.values() ?? [])].at(-1)?.sum(name, labels) ?? 0;
  }
}
