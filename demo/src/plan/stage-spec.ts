import type { DemoValues } from "../config.ts";
import { benchQuery } from "./bench-query.ts";

export type StageName = "gateway" | "cloud" | "agent";

/** One process of the path. */
export interface StageSpec {
  readonly stage: StageName;
  /** For people and file names: the vehicle of an agent, else the stage. */
  readonly name: string;
  /** The command line of a start now; a car that has driven a part of its trip goes on from there. */
  readonly argv: () => readonly string[];
  /** `ends`: exit code 0 is the end of its work. `serves`: it is there until it is stopped. */
  readonly life: "ends" | "serves";
}

export interface PlanInput {
  /** Runs a stage by its name: `bin/roadstream`. */
  readonly program: string;
  readonly values: DemoValues;
  /** Absolute, or null for the built-in road. */
  readonly route: string | null;
  readonly logSpec: string;
  readonly lakeSpec: string;
  readonly logLevel: string;
  /** Where the gateway listens and the cars find it, also after a restart. */
  readonly mqttUrl: string;
}

const METRICS = ["--metrics-listen", "127.0.0.1:0"];
/** So that what is captured can be queried within two seconds, mostly within one; production takes half a minute and fewer files. */
const COMMIT_INTERVAL = "500ms";

export const gatewaySpec = ({ program, mqttUrl, logSpec, logLevel }: PlanInput): StageSpec => ({
  stage: "gateway",
  name: "gateway",
  life: "serves",
  argv: () => [
    program,
    "gateway",
    "--listen",
    mqttUrl,
    "--log",
    logSpec,
    "--log-level",
    logLevel,
    ...METRICS,
  ],
});

const cloudArgv = ({ program, logSpec, lakeSpec, logLevel }: PlanInput): readonly string[] => [
  program,
  "cloud",
  "run",
  "--log",
  logSpec,
  "--lake",
  lakeSpec,
  "--log-level",
  logLevel,
  "--json",
];

export const cloudSpec = (input: PlanInput): StageSpec => ({
  stage: "cloud",
  name: "cloud",
  life: "serves",
  argv: () => [...cloudArgv(input), "--commit-interval", COMMIT_INTERVAL, ...METRICS],
});

/** Lands what the event log holds now, and ends. */
export const drainArgv = (input: PlanInput): readonly string[] => [...cloudArgv(input), "--until-drained"];

/** A question to the lake. */
export const cloudToolArgv = (
  { program, lakeSpec, logLevel }: PlanInput,
  command: string,
  ...words: readonly string[]
): readonly string[] => [program, "cloud", command, ...words, "--lake", lakeSpec, "--log-level", logLevel];

const agentArgv = (input: PlanInput, vehicle: string, folder: string): readonly string[] => [
  input.program,
  "agent",
  "--vehicle",
  vehicle,
  "--mqtt",
  input.mqttUrl,
  "--data",
  folder,
  "--log-level",
  input.logLevel,
  "--exit-when-drained",
  "--json",
  ...METRICS,
];

/** A car on its trip. */
export const carSpec = (
  input: PlanInput,
  car: {
    readonly vehicle: string;
    readonly folder: string;
    readonly seed: number;
    /** Trip seconds driven so far. */
    readonly drivenS: () => number;
  },
): StageSpec => ({
  stage: "agent",
  name: car.vehicle,
  life: "ends",
  argv: () => {
    const query = benchQuery(input.values, { ...car, route: input.route, resumeAtS: car.drivenS() });
    return [
      ...agentArgv(input, car.vehicle, car.folder),
      "--gps",
      `simulated?${query}`,
      ...["obd", "camera", "weather", "emergency"].flatMap((sensor) => [`--${sensor}`, "simulated"]),
      "--vehicle-type",
      "car",
    ];
  },
});

/** A car of an earlier run that drives no more, but still holds readings: it delivers them and ends. */
export const parkedCarSpec = (input: PlanInput, vehicle: string, folder: string): StageSpec => ({
  stage: "agent",
  name: vehicle,
  life: "ends",
  argv: () => agentArgv(input, vehicle, folder),
});

export const vehicleName = (index: number): string => `car-${index + 1}`;
