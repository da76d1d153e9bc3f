/** What the integration of a drive leaves behind at each of its steps. */
export interface DriveStep {
  readonly distanceM: number;
  readonly speedMs: number;
  readonly rpm: number;
  readonly fuelUsedL: number;
  readonly coolantC: number;
}

const FIRST_STEPS = 65_536;

/** Steps of a drive at a fixed interval, in typed arrays: 40 bytes a step, 4 MB for a trip of two hours and a half. */
export class DriveLog {
  readonly #stepS: number;
  #columns: readonly [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];
  #count = 0;

  constructor(stepS: number) {
    this.#stepS = stepS;
    this.#columns = emptyColumns(FIRST_STEPS);
  }

  get durationS(): number {
    return Math.max(0, this.#count - 1) * this.#stepS;
  }

  get steps(): number {
    return this.#count;
  }

  push(step: DriveStep): void {
    if (this.#count === this.#columns[0].length) this.#grow();
    const [distance, speed, rpm, fuel, coolant] = this.#columns;
    distance[this.#count] = step.distanceM;
    speed[this.#count] = step.speedMs;
    rpm[this.#count] = step.rpm;
    fuel[this.#count] = step.fuelUsedL;
    coolant[this.#count] = step.coolantC;
    this.#count += 1;
  }

  /**
   * The state at any moment of the drive. Acceleration is constant within a step, so speed is linear and distance its
   * exact integral: no choice of sampling moments can see a different drive.
   */
  at(tripS: number): DriveStep & { readonly accelerationMs2: number } {
    const place = Math.min(Math.max(0, tripS / this.#stepS), this.#count - 1);
    const index = Math.max(0, Math.min(Math.floor(place), this.#count - 2));
    const u = place - index;
    const [distance, speed, rpm, fuel, coolant] = this.#columns;
    const next = Math.min(index + 1, this.#count - 1);
    const mix = (column: Float64Array): number => {
      const from = column[index] ?? 0;
      return from + ((column[next] ?? from) - from) * u;
    };
    const fromSpeed = speed[index] ?? 0;
    const accelerationMs2 = ((speed[next] ?? fromSpeed) - fromSpeed) / this.#stepS;
    const elapsedS = u * this.#stepS;
    return {
      distanceM: (distance[index] ?? 0) + fromSpeed * elapsedS + 0.5 * accelerationMs2 * elapsedS * elapsedS,
      speedMs: fromSpeed + accelerationMs2 * elapsedS,
      accelerationMs2: u === 1 ? 0 : accelerationMs2,
      rpm: mix(rpm),
      fuelUsedL: mix(fuel),
      coolantC: mix(coolant),
    };
  }

  #grow(): void {
    const larger = emptyColumns(this.#columns[0].length * 2);
    larger.forEach((column, index) => column.set(this.#columns[index] ?? []));
    this.#columns = larger;
  }
}

const emptyColumns = (
  length: number,
): readonly [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array] => [
  new Float64Array(length),
  new Float64Array(length),
  new Float64Array(length),
  new Float64Array(length),
  new Float64Array(length),
];
