import { BUS_PROTOCOLS, type BusProtocol } from "./bus-frames.ts";

/** What AT commands change; back to this at power-on, `ATZ`, `ATWS` and `ATD`. */
export interface AdapterSettings {
  readonly echo: boolean;
  readonly linefeeds: boolean;
  readonly spaces: boolean;
  readonly headers: boolean;
  readonly autoFormat: boolean;
  /** `0`: look for it at the next request. */
  readonly chosen: BusProtocol | "0";
  /** Found or chosen and in use. */
  readonly active: BusProtocol | null;
  /** ATST: how long to wait for an answer. */
  readonly timeoutMs: number;
}

export const DEFAULT_SETTINGS: AdapterSettings = {
  echo: true,
  linefeeds: true,
  spaces: true,
  headers: false,
  autoFormat: true,
  chosen: "0",
  active: null,
  timeoutMs: 200,
};

export type AtOutcome =
  | { readonly kind: "text"; readonly text: string; readonly settings: AdapterSettings }
  | { readonly kind: "restart" }
  | { readonly kind: "unknown" };

type Change = (settings: AdapterSettings, argument: string) => Partial<AdapterSettings> | null;

const flag =
  (name: "echo" | "linefeeds" | "spaces" | "headers" | "autoFormat"): Change =>
  (_settings, argument) =>
    argument === "0" || argument === "1" ? { [name]: argument === "1" } : null;

const nothing: Change = () => ({});

const protocol: Change = (_settings, argument) => {
  const number = argument.replace(/^A(?=.)/, "");
  if (number === "0") return { chosen: "0", active: null };
  return number in BUS_PROTOCOLS ? { chosen: number as BusProtocol, active: null } : null;
};

/** ATST hh: in steps of 4 ms; 00 restores the default. */
const timeout: Change = (_settings, argument) => {
  if (!/^[0-9A-F]{2}$/.test(argument)) return null;
  const steps = Number.parseInt(argument, 16);
  return { timeoutMs: steps === 0 ? DEFAULT_SETTINGS.timeoutMs : steps * 4 };
};

/** The longest name that fits decides, the rest is its argument. */
const CHANGES: readonly (readonly [string, Change])[] = [
  ["CAF", flag("autoFormat")],
  ["SP", protocol],
  ["TP", protocol],
  ["ST", timeout],
  ["AT", (_settings, argument) => (/^[012]$/.test(argument) ? {} : null)],
  ["E", flag("echo")],
  ["L", flag("linefeeds")],
  ["S", flag("spaces")],
  ["H", flag("headers")],
  ["M", (_settings, argument) => (/^[01]$/.test(argument) ? {} : null)],
  ["AL", nothing],
  ["NL", nothing],
  ["PC", () => ({ active: null })],
];

/** Runs the part of a command after `AT`. `identity` is the chip's name, `volts` what it measures. */
export const runAtCommand = (
  body: string,
  settings: AdapterSettings,
  chip: { readonly identity: string; readonly volts: number },
): AtOutcome => {
  const say = (text: string): AtOutcome => ({ kind: "text", text, settings });
  const automatic = settings.chosen === "0";
  switch (body) {
    case "Z":
    case "WS":
      return { kind: "restart" };
    case "D":
      return { kind: "text", text: "OK", settings: DEFAULT_SETTINGS };
    case "I":
      return say(chip.identity);
    case "@1":
      return say("OBDII to RS232 Interpreter");
    case "RV":
      return say(`${chip.volts.toFixed(1)}V`);
    case "DP":
      return say(
        (automatic ? "AUTO" : "") +
          (settings.active === null ? "" : `${automatic ? ", " : ""}${BUS_PROTOCOLS[settings.active].name}`),
      );
    case "DPN":
      return say(`${automatic ? "A" : ""}${settings.active ?? settings.chosen}`);
    default:
  }
  for (const [name, change] of CHANGES) {
    if (!body.startsWith(name)) continue;
    const changed = change(settings, body.slice(name.length));
    if (changed !== null) return { kind: "text", text: "OK", settings: { ...settings, ...changed } };
  }
  return { kind: "unknown" };
};
