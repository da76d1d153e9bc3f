/** Tyres brake with about 1 g, 35 km/h in each second, on the best of roads: what is harder was not braking. */
const IMPACT_KMH_PER_S = 45;
/** From which speed a sudden stop is an accident and not a kerb. */
const IMPACT_FROM_KMH = 25;
/** A loss of so much speed is a major accident. */
const MAJOR_LOSS_KMH = 50;
/** Speeds further apart than this in time say nothing of how sudden the change was. */
const MAX_GAP_MS = 2500;
/** So long after an impact further ones belong to it. */
export const SAME_IMPACT_MS = 60_000;

/** A speed that was measured at some moment from `fromMs` to `toMs`, both in the sensor's own time. */
export interface SpeedSample {
  readonly fromMs: number;
  readonly toMs: number;
  readonly speedKmh: number;
}

export interface Impact {
  readonly severity: "minor" | "major";
  readonly fromKmh: number;
  readonly toKmh: number;
  readonly perSecond: number;
}

/**
 * Sees an impact in the speeds of one sensor: a loss harder than tyres can brake, confirmed by the next sample, so that
 * one wrong value is no accident. What is read late looks sudden beside what is read in time, so nothing here goes by when
 * it was read: the change took at most from the earliest moment of one sample to the latest of the next.
 */
export class ImpactDetector {
  #last: SpeedSample | null = null;
  #suspected: Impact | null = null;
  #lastImpactAt = -Infinity;

  push(sample: SpeedSample): Impact | null {
    const last = this.#last;
    const suspected = this.#suspected;
    this.#last = sample;
    this.#suspected = null;
    if (last === null) return null;
    const gap = sample.toMs - last.fromMs;
    if (sample.toMs <= last.toMs || gap > MAX_GAP_MS) return null;
    if (suspected !== null) {
      const stayedSlow = sample.speedKmh <= (suspected.fromKmh + suspected.toKmh) / 2;
      // A receiver's time may jump, either way.
      const isSame = Math.abs(sample.toMs - this.#lastImpactAt) < SAME_IMPACT_MS;
      if (!stayedSlow || isSame) return null;
      this.#lastImpactAt = sample.toMs;
      return suspected;
    }
    const loss = last.speedKmh - sample.speedKmh;
    const perSecond = (loss * 1000) / gap;
    if (perSecond < IMPACT_KMH_PER_S || last.speedKmh < IMPACT_FROM_KMH) return null;
    // Of two samples close together, quantisation alone can look sudden.
    if (loss < IMPACT_FROM_KMH / 2) return null;
    const severity = loss >= MAJOR_LOSS_KMH ? "major" : "minor";
    this.#suspected = { severity, fromKmh: last.speedKmh, toKmh: sample.speedKmh, perSecond };
    return null;
  }
}
