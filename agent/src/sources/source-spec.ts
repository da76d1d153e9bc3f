import { redactUrl, RoadstreamError } from "@roadstream/shared";
import { parseDeviceSpec, type DeviceSpec } from "../device-spec.ts";

/** What a source's flag names. `simulated` carries its query text, empty where none was given. */
export type SourceSpec =
  | { readonly kind: "off" }
  | { readonly kind: "simulated"; readonly query: string }
  | { readonly kind: "device"; readonly device: DeviceSpec }
  | { readonly kind: "folder"; readonly path: string }
  | { readonly kind: "command"; readonly program: string; readonly args: readonly string[] }
  | { readonly kind: "signal" };

export type SourceFlag = "gps" | "obd" | "camera" | "weather" | "emergency";

const FORMS: Readonly<Record<SourceFlag, string>> = {
  gps: "simulated, off, /dev/…[:baud], tcp://host:port, gpsd://host:port or file:PATH",
  obd: "simulated, off, /dev/…[:baud] or tcp://host:port",
  camera: "simulated, off, dir:PATH or cmd:PROGRAM ARGS",
  weather: "simulated or off",
  emergency: "simulated, off or signal",
};

const DEFAULT_BAUD: Readonly<Partial<Record<SourceFlag, number>>> = { gps: 9600, obd: 38_400 };

const unusable = (flag: SourceFlag, text: string): RoadstreamError =>
  new RoadstreamError("usage", `--${flag}: cannot use ${JSON.stringify(redactUrl(text))}`, {
    hint: `give ${FORMS[flag]}`,
  });

/** Words separated by blanks; double or single quotes keep blanks within a word. No shell is asked. */
const words = (text: string): readonly string[] =>
  [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? match[3] ?? "");

/** Reads one source's flag; throws `usage` for what is no form of this source. */
export const parseSourceSpec = (flag: SourceFlag, text: string | null): SourceSpec => {
  if (text === null || text === "off") return { kind: "off" };
  if (text === "simulated" || text.startsWith("simulated?"))
    return { kind: "simulated", query: text.slice("simulated?".length) };
  if (flag === "emergency" && text === "signal") return { kind: "signal" };
  if (flag === "camera" && text.startsWith("dir:") && text.length > 4)
    return { kind: "folder", path: text.slice(4) };
  if (flag === "camera" && text.startsWith("cmd:")) {
    const [program, ...args] = words(text.slice(4));
    if (program !== undefined) return { kind: "command", program, args };
  }
  const defaultBaud = DEFAULT_BAUD[flag];
  const device = defaultBaud === undefined ? null : parseDeviceSpec(text, { defaultBaud });
  if (device === null) throw unusable(flag, text);
  if (flag === "obd" && (device.kind === "gpsd" || device.kind === "file")) throw unusable(flag, text);
  return { kind: "device", device };
};

/**
 * The one query of all simulated sources of an agent, null when none is simulated. One of them may say it for all; two
 * that say different things throw `usage`.
 */
export const benchQuery = (specs: readonly SourceSpec[]): string | null => {
  const queries = specs.flatMap((spec) => (spec.kind === "simulated" ? [spec.query] : []));
  const said = new Set(queries.filter((query) => query !== ""));
  if (said.size > 1) {
    throw new RoadstreamError(
      "usage",
      "simulated sources of one agent share one car, but their options differ",
      {
        hint: `give them once: ${[...said].map((query) => `simulated?${query}`).join("  or  ")}`,
      },
    );
  }
  return queries.length === 0 ? null : ([...said][0] ?? "");
};
