import { minutes, seconds, type DurationMs, type RetrySchedule, type UptimeMillis } from "@roadstream/shared";

/**
 * When to leave a car alone. Requests keep control units awake, which empties the battery of a parked car in days. While
 * polling rests, only `ATRV` is asked: the adapter measures the socket itself, without a word on the bus.
 *
 *   parked   stands, engine not turning, battery not being charged, for PARKED_AFTER
 *   parked   the same with unknown voltage, for PARKED_AFTER_BLIND
 *   silent   nothing on the bus answers, for SILENT_AFTER (ignition off: most buses fall silent at once)
 *
 * A standing car whose battery is charged is not parked: idling, a hybrid at a traffic light, an electric car ready to
 * drive.
 */
export const PARKED_AFTER: DurationMs = minutes(2);
export const PARKED_AFTER_BLIND: DurationMs = minutes(10);
export const SILENT_AFTER: DurationMs = seconds(10);
/** Above this an alternator or DC-DC converter is at work: a rested lead battery has at most 12.8 V. */
export const CHARGING_V = 13.2;

/** Lorries have two batteries in series: their voltage is halved before it is judged. */
const TWO_BATTERIES_V = 18;
const perBattery = (volts: number): number => (volts > TWO_BATTERIES_V ? volts / 2 : volts);

/** While resting: how often the voltage is looked at. */
export const VOLTAGE_WATCH: DurationMs = seconds(10);
/** Between two looks: up by this, an alternator has started; down by this, a starter is turning. */
const WAKE_RISE_V = 0.3;
const WAKE_DIP_V = 1;

/**
 * Where voltage tells nothing, one request now and then finds out whether the car is in use: seldom enough for control
 * units to sleep in between.
 */
export const PARKED_PROBES: RetrySchedule = { firstMs: minutes(5), factor: 2, maxMs: minutes(30), jitter: 0 };
/** A car that never answered may just have been switched on, or its adapter plugged in. */
export const SILENT_PROBES: RetrySchedule = { firstMs: seconds(5), factor: 2, maxMs: minutes(30), jitter: 0 };

export interface CarObservation {
  readonly at: UptimeMillis;
  /** Some ECU answered in this cycle. */
  readonly answered: boolean;
  readonly speedKmh: number | null;
  readonly engineRpm: number | null;
  readonly voltageV: number | null;
}

export type CarUse = "in_use" | "parked" | "silent";

const isStill = (car: Pick<CarObservation, "speedKmh" | "engineRpm">): boolean =>
  (car.speedKmh ?? 0) === 0 && (car.engineRpm ?? 0) === 0;

/** `none`: it is known to rest; the first cycle that does not show it in use is enough. */
export type Patience = "full" | "none";

/** Watches the cycles of one stretch of polling. */
export class ParkedCarWatch {
  readonly #patience: Patience;
  #stillSince: UptimeMillis | null = null;
  #silentSince: UptimeMillis | null = null;

  constructor(options: { readonly patience: Patience }) {
    this.#patience = options.patience;
  }

  observe(car: CarObservation): CarUse {
    this.#silentSince = car.answered ? null : (this.#silentSince ?? car.at);
    const charging = car.voltageV !== null && perBattery(car.voltageV) >= CHARGING_V;
    this.#stillSince = isStill(car) && !charging ? (this.#stillSince ?? car.at) : null;
    if (this.#passed(this.#silentSince, car.at, SILENT_AFTER)) return "silent";
    const limit = car.voltageV === null ? PARKED_AFTER_BLIND : PARKED_AFTER;
    return this.#passed(this.#stillSince, car.at, limit) ? "parked" : "in_use";
  }

  #passed(since: UptimeMillis | null, at: UptimeMillis, limit: DurationMs): boolean {
    return since !== null && (this.#patience === "none" || at - since >= limit);
  }
}

/** Whether the step from one look at the voltage to the next says that the car is being started, or charges. */
export const voltageWakes = (before: number | null, now: number | null): boolean => {
  if (before === null || now === null) return false;
  const [was, is] = [perBattery(before), perBattery(now)];
  const step = is - was;
  return step >= WAKE_RISE_V || step <= -WAKE_DIP_V || (was < CHARGING_V && is >= CHARGING_V);
};
