import { uuidV7, type Clock, type Random } from "@roadstream/shared";
import type { Source } from "../ports.ts";
import { incidentReading } from "./incident-watch.ts";

/** Presses of an emergency button, until the signal fires. */
export type ButtonPresses = (signal: AbortSignal) => AsyncIterable<void>;

/** One incident for each press of the emergency button. */
export const buttonSource = (options: {
  readonly presses: ButtonPresses;
  readonly clock: Clock;
  readonly random: Random;
}): Source => ({
  name: "emergency",
  run: async (sink, signal) => {
    const { presses, clock, random } = options;
    for await (const _press of presses(signal)) {
      const incident = {
        incident_id: uuidV7(clock.now(), random),
        // The button does not say what happened; help that is called by hand is for people.
        type: "medical",
        status: "active",
        severity: "major",
        source: "button",
        description: "emergency button pressed",
      } as const;
      const now = {
        capturedAt: null,
        clock: "unsynced",
        clockErrorMs: null,
        uptime: clock.uptime(),
      } as const;
      await sink.reading(incidentReading(incident, now));
    }
    return "ended";
  },
});
