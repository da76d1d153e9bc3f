import type { SampledReading, SourceEvents } from "../../ports.ts";

/** What a source said, in order. */
export interface RecordingSink extends SourceEvents {
  readonly readings: SampledReading[];
  /** `lost camera hung`, `back camera`. */
  readonly events: string[];
  /** Fault knob: what becomes of readings that are to be kept. */
  outcome: "kept" | "refused";
}

export const recordingSink = (): RecordingSink => {
  const readings: SampledReading[] = [];
  const events: string[] = [];
  const sink: RecordingSink = {
    readings,
    events,
    outcome: "kept",
    reading: (reading) => {
      readings.push(reading);
      return Promise.resolve();
    },
    keep: (reading) => {
      if (sink.outcome === "kept") readings.push(reading);
      return Promise.resolve(sink.outcome);
    },
    lost: (source, reason) => void events.push(`lost ${source} ${reason}`),
    back: (source) => void events.push(`back ${source}`),
  };
  return sink;
};
