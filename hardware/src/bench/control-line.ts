import type { AnswerTrouble } from "../elm327/elm327-faults.ts";
import { BYTE_FAULTS, type ByteFault } from "../receiver/receiver-faults.ts";
import type { Bench } from "./bench.ts";

/** What a control line may be, for people. */
export const CONTROL_HELP = [
  "gps resume | silence | unplug | mid | garbage | nul | checksum | merged | binary",
  "obd resume | silence | unplug | brownout | stubborn | late MS | garbage SHARE | nuls SHARE | trouble NAME",
  "time",
] as const;

export type ControlOutcome =
  | { readonly ok: true; readonly said: string }
  | { readonly ok: false; readonly said: string };

const OK: ControlOutcome = { ok: true, said: "done" };
const UNKNOWN: ControlOutcome = { ok: false, said: "unknown command" };
const MAX_LATE_MS = 60_000;

const TROUBLES: readonly AnswerTrouble[] = [
  "no_data",
  "buffer_full",
  "can_error",
  "rx_error",
  "stopped",
  "lost_frame",
  "err94",
  "lv_reset",
  "no_answer",
];

const number = (text: string | undefined, most: number): number | null => {
  const value = /^\d+(\.\d+)?$/.test(text ?? "") ? Number(text) : Number.NaN;
  return value <= most ? value : null;
};

const controlGps = ({ gps }: Bench, verb: string | undefined): ControlOutcome => {
  const bytes = BYTE_FAULTS.find((fault): fault is ByteFault => fault === verb);
  if (bytes !== undefined) gps.faults.bytes = bytes;
  else if (verb === "silence") gps.faults.silent = true;
  else if (verb === "mid") gps.faults.midSentence = true;
  else if (verb === "unplug") gps.unplug();
  else if (verb === "resume") {
    gps.faults.bytes = null;
    gps.faults.silent = false;
    gps.plugIn();
  } else return UNKNOWN;
  return OK;
};

const resumeObd = ({ obd }: Bench): ControlOutcome => {
  if (obd.adapter === null) obd.plugIn();
  if (obd.adapter !== null) {
    Object.assign(obd.adapter.faults, { lateMs: 0, mute: false, stubborn: false, garbage: 0, nuls: 0 });
    obd.adapter.faults.troubles.length = 0;
  }
  return OK;
};

const controlObd = (bench: Bench, verb: string | undefined, argument: string | undefined): ControlOutcome => {
  if (verb === "resume") return resumeObd(bench);
  if (verb === "unplug") {
    bench.obd.unplug();
    return OK;
  }
  if (verb === "brownout") {
    bench.obd.brownOut();
    return OK;
  }
  const faults = bench.obd.adapter?.faults;
  if (faults === undefined) return { ok: false, said: "the adapter is unplugged" };
  const late = number(argument, MAX_LATE_MS);
  const share = number(argument, 1);
  const trouble = TROUBLES.find((name) => name === argument);
  if (verb === "silence") faults.mute = true;
  else if (verb === "stubborn") faults.stubborn = true;
  else if (verb === "late" && late !== null) faults.lateMs = late;
  else if (verb === "garbage" && share !== null) faults.garbage = share;
  else if (verb === "nuls" && share !== null) faults.nuls = share;
  else if (verb === "trouble" && trouble !== undefined) faults.troubles.push(trouble);
  else return UNKNOWN;
  return OK;
};

/** Turns the bench's fault knobs by one line of text, as a test or a person at its terminal would. */
export const control = (bench: Bench, line: string): ControlOutcome => {
  const [part, verb, argument] = line.trim().split(/\s+/);
  if (part === "gps") return controlGps(bench, verb);
  if (part === "obd") return controlObd(bench, verb, argument);
  if (part === "time") return { ok: true, said: String(Math.round(bench.time.tripS() * 10) / 10) };
  return UNKNOWN;
};
