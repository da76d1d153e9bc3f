import { randomBelow, type Random } from "@roadstream/shared";

export type IncidentKind = "breakdown" | "medical" | "accident";

/** Something that will happen at a place of the road. */
export interface PlannedIncident {
  readonly kind: IncidentKind;
  readonly atM: number;
  /** How long the car then stands. */
  readonly lastsS: number;
  readonly severity: "minor" | "major";
  readonly description: string;
  /** A breakdown's trouble code, pending before and confirmed once it happens. */
  readonly troubleCode: string | null;
}

/** `rare`: most trips have none; `each`: one of each kind, for demonstrations and tests. */
export type IncidentPlan = "rare" | "none" | "each";

const CHANCE: Readonly<Record<IncidentKind, number>> = { breakdown: 0.12, medical: 0.08, accident: 0.08 };

const TROUBLES = [
  { code: "P0301", words: "misfire in cylinder 1" },
  { code: "P0118", words: "coolant sensor circuit high" },
  { code: "P0171", words: "mixture too lean" },
  { code: "P0562", words: "system voltage low" },
] as const;

const draw = (random: Random, kind: IncidentKind, atM: number): PlannedIncident => {
  const lastsS = 150 + randomBelow(random, 240);
  const trouble = TROUBLES[randomBelow(random, TROUBLES.length)] ?? TROUBLES[0];
  const descriptions: Readonly<Record<IncidentKind, string>> = {
    breakdown: `Stopped on the shoulder: ${trouble.words} (${trouble.code}).`,
    medical: "Stopped on the shoulder: an occupant needs medical help.",
    accident: "Hard braking to a stop: collision ahead.",
  };
  return {
    kind,
    atM,
    lastsS,
    severity: kind === "breakdown" ? "minor" : "major",
    description: descriptions[kind],
    troubleCode: kind === "breakdown" ? trouble.code : null,
  };
};

/** The trip's incidents, each in a third of its own in the middle of the road, in order of place. */
export const drawIncidents = (
  random: Random,
  plan: IncidentPlan,
  lengthM: number,
): readonly PlannedIncident[] => {
  if (plan === "none") return [];
  const kinds: readonly IncidentKind[] = ["breakdown", "medical", "accident"];
  return kinds.flatMap((kind, index) => {
    const happens = random.next() < CHANCE[kind];
    const share = 0.15 + 0.25 * (index + 0.8 * random.next());
    const incident = draw(random, kind, share * lengthM);
    return happens || plan === "each" ? [incident] : [];
  });
};
