import { parseBenchQuery } from "@roadstream/hardware";
import {
  COMMON_OPTIONS,
  defineCommand,
  durationText,
  maybe,
  setting,
  toggle,
  wholeText,
  type Values,
} from "@roadstream/shared";
import { z } from "zod";
import { benchQuery } from "./plan/bench-query.ts";

/** Each vehicle is a process of its own. */
const MAX_VEHICLES = 50;
const MAX_SEED = 2 ** 31 - 1 - MAX_VEHICLES;

const DEMO_OPTIONS = {
  vehicles: setting(wholeText(1, MAX_VEHICLES), {
    help: "How many cars drive, each its own trip in its own process.",
    placeholder: "N",
    default: "1",
  }),
  seed: setting(wholeText(0, MAX_SEED), {
    help: "The first car's trip; the same seed is the same trip. The next cars take the next numbers.",
    placeholder: "N",
    default: "42",
  }),
  pace: setting(z.string(), {
    help: "Trip seconds per second; max: as fast as this machine can.",
    placeholder: "60|max",
    default: "60",
  }),
  route: maybe(z.string(), {
    help: "The road, a LineString; without it, Omaha NE to Des Moines IA.",
    placeholder: "FILE.geojson",
  }),
  start: maybe(z.string(), {
    help: "When the trip began; without it, such that it ends about now.",
    placeholder: "UTC",
  }),
  duration: maybe(durationText, {
    help: "Only so much of the trip, in its own time; without it, to its end.",
    placeholder: "TRIP-TIME",
  }),
  data: setting(z.string().min(1), {
    help: "Where everything is kept.",
    placeholder: "DIR",
    default: "roadstream-data/demo",
  }),
  log: maybe(z.string(), {
    help: "The event log: sqlite:FILE or kafka://host:port. Without it, a file in DIR.",
    placeholder: "SPEC",
  }),
  lake: maybe(z.string(), {
    help: "The lake: file:DIR or s3://bucket/prefix. Without it, a folder in DIR.",
    placeholder: "SPEC",
  }),
  restart: toggle({
    help: "Start a stage that dies again after 1 s; --no-restart leaves it dead, to see what the others do.",
    on: true,
  }),
  open: toggle({
    help: "Accepted for scripts. There is no page to open yet, so neither --open nor --no-open opens anything.",
  }),
  reset: toggle({ help: "First delete what earlier runs left in DIR." }),
  ...COMMON_OPTIONS,
} as const;

export const demoCommand = defineCommand({
  name: "roadstream demo",
  summary:
    "The whole path on this machine: a simulated car's sensors -> agent -> MQTT -> gateway -> event log -> cloud -> lake -> SQL, each stage a process.",
  options: DEMO_OPTIONS,
  examples: [
    "roadstream demo",
    "roadstream demo --vehicles 3 --pace max --duration 10m",
    "roadstream demo --route my-road.geojson --seed 7 --reset",
    "roadstream demo --log kafka://localhost:9092",
  ],
});

export type DemoValues = Values<typeof DEMO_OPTIONS>;

/** Throws `usage` where the agents could not read what describes the trip. */
export const checkTrip = (values: DemoValues): void => {
  parseBenchQuery(benchQuery(values, { seed: values.seed, route: values.route, resumeAtS: 0 }));
};
