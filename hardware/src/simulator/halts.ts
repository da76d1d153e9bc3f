import type { Random } from "@roadstream/shared";
import type { RouteStop } from "../route/route.ts";
import type { PlannedIncident } from "./incidents.ts";

/** A place where the car comes to a stop. `foreseen` ones are braked for gently, the others hard and at that place. */
export interface Halt {
  readonly atM: number;
  readonly dwellS: number;
  readonly foreseen: boolean;
  readonly incident: PlannedIncident | null;
}

const RED_CHANCE = 0.55;
const RED_MIN_S = 8;
const RED_MAX_S = 45;
const REST_MIN_S = 300;
const REST_MAX_S = 480;

/** All halts of a trip in order of place, without the destination. */
export const planHalts = (
  random: Random,
  stops: readonly RouteStop[],
  incidents: readonly PlannedIncident[],
): readonly Halt[] => {
  const halts: Halt[] = incidents.map((incident) => ({
    atM: incident.atM,
    dwellS: incident.lastsS,
    foreseen: incident.kind !== "accident",
    incident,
  }));
  for (const stop of stops) {
    const red = random.next() < RED_CHANCE;
    const share = random.next();
    if (stop.kind === "rest") {
      const dwellS = REST_MIN_S + share * (REST_MAX_S - REST_MIN_S);
      halts.push({ atM: stop.atM, dwellS, foreseen: true, incident: null });
    } else if (red) {
      const dwellS = RED_MIN_S + share * (RED_MAX_S - RED_MIN_S);
      halts.push({ atM: stop.atM, dwellS, foreseen: true, incident: null });
    }
  }
  return halts.sort((a, b) => a.atM - b.atM);
};
