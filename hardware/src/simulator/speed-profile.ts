import type { Route } from "../route/route.ts";

const CELL_M = 10;
const CURVATURE_WINDOW_M = 15;
/** Sideways acceleration that passengers accept. */
const LATERAL_MS2 = 2.2;
/** A turn-about is still driven, at walking pace. */
const MIN_SPEED_MS = 2.5;

/**
 * The highest speed at each place of a route: the posted limit, lowered in bends, and lowered before each lower
 * stretch so that braking at `brakingMs2` is enough. Stops are not in it: they depend on the moment.
 */
export class SpeedProfile {
  readonly #cells: Float64Array;

  constructor(route: Route, brakingMs2: number) {
    const count = Math.ceil(route.lengthM / CELL_M) + 2;
    this.#cells = new Float64Array(count);
    let change = 0;
    for (let cell = 0; cell < count; cell += 1) {
      const atM = cell * CELL_M;
      while ((route.limits[change + 1]?.fromM ?? Infinity) <= atM) change += 1;
      const limitMs = (route.limits[change]?.limitKmh ?? 50) / 3.6;
      const bend = Math.sqrt(LATERAL_MS2 / Math.max(1e-9, route.curvatureAt(atM, CURVATURE_WINDOW_M)));
      this.#cells[cell] = Math.max(MIN_SPEED_MS, Math.min(limitMs, bend));
    }
    for (let cell = count - 2; cell >= 0; cell -= 1) {
      const ahead = this.#cells[cell + 1] ?? 0;
      const reachable = Math.sqrt(ahead * ahead + 2 * brakingMs2 * CELL_M);
      this.#cells[cell] = Math.min(this.#cells[cell] ?? 0, reachable);
    }
  }

  /** Metres per second, linear in v² between cells: that is what constant braking looks like. */
  at(metres: number): number {
    const place = Math.max(0, metres / CELL_M);
    const cell = Math.min(Math.floor(place), this.#cells.length - 2);
    const from = this.#cells[cell] ?? 0;
    const to = this.#cells[cell + 1] ?? 0;
    const u = Math.min(1, place - cell);
    return Math.sqrt(from * from + (to * to - from * from) * u);
  }
}
