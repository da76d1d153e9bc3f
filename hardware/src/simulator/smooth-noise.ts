import { randomNormal, type Random } from "@roadstream/shared";

/**
 * A first-order Gauss–Markov process, drawn ahead at fixed intervals and linear between them: its value at a moment
 * does not depend on how often it was asked. Mean 0, the given standard deviation and correlation time.
 */
export class SmoothNoise {
  readonly #values: Float32Array;
  readonly #step: number;

  /** `span`, `step` and `correlation` are in the unit of the caller's axis: seconds of a trip or metres of a road. */
  constructor(
    random: Random,
    options: { span: number; step: number; correlation: number; deviation: number },
  ) {
    this.#step = options.step;
    this.#values = new Float32Array(Math.ceil(options.span / options.step) + 2);
    const keep = Math.exp(-options.step / options.correlation);
    const fresh = options.deviation * Math.sqrt(1 - keep * keep);
    let value = options.deviation * randomNormal(random);
    for (let index = 0; index < this.#values.length; index += 1) {
      this.#values[index] = value;
      value = keep * value + fresh * randomNormal(random);
    }
  }

  at(place: number): number {
    const cell = Math.max(0, place / this.#step);
    const index = Math.min(Math.floor(cell), this.#values.length - 2);
    const from = this.#values[index] ?? 0;
    const to = this.#values[index + 1] ?? from;
    return from + (to - from) * Math.min(1, cell - index);
  }
}
