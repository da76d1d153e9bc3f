import { seconds, uuidV7, type Clock, type Metrics, type Random } from "@roadstream/shared";
import type { Source } from "../ports.ts";
import { incidentReading } from "./incident-watch.ts";

/** Presses of an emergency button, until the signal fires. */
export type ButtonPresses = (signal: AbortSignal) => AsyncIterable<void>;

/** Contacts bounce, and frightened people press again and again: only after so long without a press is one a new incident. */
export const SAME_PRESS = seconds(10);

export interface ButtonSourceOptions {
  readonly presses: ButtonPresses;
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: Metrics;
}

/** One incident for each press of the emergency button. */
export const buttonSource = (options: ButtonSourceOptions): Source => {
  const { presses, clock, random } = options;
  const counted = options.metrics.counter(
    "roadstream_agent_button_presses_total",
    "Presses of the emergency button: reported, or the same incident as the one before.",
    ["outcome"],
  );
  let lastPress = -Infinity;
  return {
    name: "emergency",
    run: async (sink, signal) => {
      for await (const _press of presses(signal)) {
        const uptime = clock.uptime();
        const isSame = uptime - lastPress < SAME_PRESS;
        lastPress = uptime;
        counted.add(1, { outcome: isSame ? "same" : "reported" });
        if (isSame) continue;
        const incident = {
          incident_id: uuidV7(clock.now(), random),
          // The button does not say what happened; help that is called by hand is for people.
          type: "medical",
          status: "active",
          severity: "major",
          source: "button",
          description: "emergency button pressed",
        } as const;
        const now = { capturedAt: null, clock: "unsynced", clockErrorMs: null, uptime } as const;
        await sink.reading(incidentReading(incident, now));
      }
      return "ended";
    },
  };
};
