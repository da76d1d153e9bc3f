import type { Bench } from "@roadstream/hardware";
import {
  millis,
  seconds,
  uptimeMillis,
  type Clock,
  type Logger,
  type Metrics,
  type Random,
} from "@roadstream/shared";
import type { MachineTime } from "../clock/vouched-time.ts";
import type { AgentValues } from "../config.ts";
import { GpsSource } from "../gps/gps-source.ts";
import { ObdSource, type ObdSourceOptions } from "../obd/obd-source.ts";
import type { FrameGrabber, Source } from "../ports.ts";
import { buttonSource } from "../sources/button-source.ts";
import { CameraSource } from "../sources/camera-source.ts";
import { intervalFrames } from "../sources/interval-frames.ts";
import type { LastFix } from "../sources/last-fix.ts";
import { simulatedEmergency, simulatedFrames, simulatedWeather } from "../sources/simulated-sources.ts";
import type { SourceFlag, SourceSpec } from "../sources/source-spec.ts";
import { commandGrab } from "./command-frames.ts";
import { deviceChannel } from "./device-byte-channel.ts";
import { checkCapture } from "./file-byte-channel.ts";
import { FolderFrames } from "./folder-frames.ts";
import { signalButton } from "./signal-button.ts";

export interface SourceSurroundings {
  readonly values: AgentValues;
  readonly specs: Readonly<Record<SourceFlag, SourceSpec>>;
  /** Null when nothing is simulated. */
  readonly bench: Bench | null;
  /** The machine's own time, not the best clock's: that one goes by the receiver which is to be judged. */
  readonly machineTime: () => MachineTime | null;
  readonly lastFix: LastFix;
  readonly path: (text: string) => string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export interface OpenedSource {
  readonly source: Source;
  /** A capture is read at another time than it was measured. */
  readonly time: "live" | "replay";
}

/** A simulated adapter is asked as often in trip time as a real one in its own, as far as it can answer. */
const FASTEST_CYCLE_MS = 100;
const SLOWEST_CYCLE_MS = 1000;
/** At full speed the trip's time waits for each answer, so fewer are asked for. */
const CYCLE_AT_FULL_SPEED = seconds(10);

const simulatedObd = (bench: Bench, options: Omit<ObdSourceOptions, "open">): Source => {
  const { pace, over } = bench.time;
  const cycle = pace === "max" ? 0 : SLOWEST_CYCLE_MS / pace;
  // Joins the trip at once: its time does not begin before the adapter is read.
  const timer = pace === "max" ? bench.timer() : null;
  const source = new ObdSource({
    ...options,
    open: bench.openObd,
    carTime: () => uptimeMillis(bench.time.tripS() * 1000),
    cycle: millis(Math.min(SLOWEST_CYCLE_MS, Math.max(FASTEST_CYCLE_MS, cycle))),
    ...(timer !== null && {
      nextCycle: async (signal) => void (await timer.sleep(CYCLE_AT_FULL_SPEED, signal)),
    }),
  });
  return {
    name: source.name,
    run: async (sink, signal) => {
      using _follower = timer;
      // A real adapter that ends is lost and comes back; this one ends with the trip.
      return await source.run(sink, AbortSignal.any([signal, over]));
    },
  };
};

const gps = (around: SourceSurroundings, bench: Bench | null): OpenedSource | null => {
  const { specs, values, path } = around;
  const spec = specs.gps;
  const common = { ...around, vehicleType: values.vehicleType };
  if (spec.kind === "simulated" && bench !== null) {
    const open = bench.gps.open.bind(bench.gps);
    const source = new GpsSource({
      ...common,
      open,
      mode: "live",
      clockName: "simulated",
      machineTime: () => null,
    });
    return { source, time: "live" };
  }
  if (spec.kind !== "device") return null;
  const { device } = spec;
  const isFile = device.kind === "file";
  if (isFile) checkCapture(path(device.path));
  const open = deviceChannel(isFile ? { kind: "file", path: path(device.path) } : device);
  const source = new GpsSource({ ...common, open, mode: isFile ? "replay" : "live" });
  return { source, time: isFile ? "replay" : "live" };
};

const obd = (around: SourceSurroundings, bench: Bench | null): OpenedSource | null => {
  const { specs, values, lastFix, clock } = around;
  const spec = specs.obd;
  const { make, model, year, fuelType } = values;
  const common = {
    ...around,
    car: { make, model, year, fuelType },
    lastFix: () => lastFix.at(clock.uptime()),
  };
  if (spec.kind === "simulated" && bench !== null) {
    return { source: simulatedObd(bench, common), time: "live" };
  }
  if (spec.kind !== "device") return null;
  return { source: new ObdSource({ ...common, open: deviceChannel(spec.device) }), time: "live" };
};

const frames = (around: SourceSurroundings, bench: Bench | null): FrameGrabber | null => {
  const { specs, values, clock, path } = around;
  const spec = specs.camera;
  const interval = values.cameraInterval;
  if (spec.kind === "simulated" && bench !== null) return simulatedFrames(bench, interval);
  if (spec.kind === "folder") return new FolderFrames({ folder: path(spec.path), clock });
  if (spec.kind === "command")
    return intervalFrames({ grab: commandGrab({ ...spec, clock }), interval, clock });
  return null;
};

const camera = (around: SourceSurroundings, bench: Bench | null): OpenedSource | null => {
  const grabber = frames(around, bench);
  if (grabber === null) return null;
  const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
  const { cameraId } = around.values;
  return { source: new CameraSource({ ...around, frames: grabber, cameraId, toBase64 }), time: "live" };
};

const emergency = (around: SourceSurroundings, bench: Bench | null): OpenedSource | null => {
  const { specs, clock } = around;
  if (specs.emergency.kind === "simulated" && bench !== null)
    return { source: simulatedEmergency(bench, clock), time: "live" };
  if (specs.emergency.kind !== "signal") return null;
  return { source: buttonSource({ ...around, presses: signalButton }), time: "live" };
};

/** The sources that the command line names. */
export const openSources = (around: SourceSurroundings): readonly OpenedSource[] => {
  const { bench, specs, clock, values } = around;
  const weather: OpenedSource | null =
    specs.weather.kind === "simulated" && bench !== null
      ? { source: simulatedWeather(bench, clock, values.weatherInterval), time: "live" }
      : null;
  const all = [
    gps(around, bench),
    obd(around, bench),
    camera(around, bench),
    weather,
    emergency(around, bench),
  ];
  return all.filter((each) => each !== null);
};
