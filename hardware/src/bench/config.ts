import { COMMON_OPTIONS, defineCommand, maybe, setting } from "@roadstream/shared";
import { z } from "zod";
import { CONTROL_HELP } from "./control-line.ts";

/** The bench as a program of its own, for tests with real devices at the agent's end. */
export const BENCH_COMMAND = defineCommand({
  name: "bench",
  summary: `A virtual GPS receiver and ELM327 on terminal lines. Fault knobs, one a line on stdin: ${CONTROL_HELP.join("; ")}.`,
  options: {
    ...COMMON_OPTIONS,
    gpsPty: maybe(z.string(), { help: "Serve the receiver on this device.", placeholder: "PATH" }),
    obdPty: maybe(z.string(), { help: "Serve the adapter on this device.", placeholder: "PATH" }),
    simulated: setting(z.string(), {
      help: "Options of the trip, as after `simulated?`: route, seed, pace, start, duration, from, rate, order, incidents.",
      placeholder: "seed=7&pace=60",
      default: "",
    }),
    seed: maybe(z.string(), { help: "Short for seed in --simulated.", placeholder: "N" }),
    pace: maybe(z.string(), { help: "Short for pace in --simulated.", placeholder: "N|max" }),
    route: maybe(z.string(), { help: "Short for route in --simulated.", placeholder: "FILE.geojson" }),
  },
});
