/**
 * What one line of an ELM327's reply says (ELM327 data sheet, "Error Messages and Alerts"). Only `data` and `segment`
 * lines can carry a value.
 */
export type ElmError =
  | "no_data"
  | "stopped"
  | "buffer_full"
  | "can_error"
  | "bus_init_error"
  | "bus_busy"
  | "bus_error"
  | "feedback_error"
  | "unable_to_connect"
  | "rx_error"
  | "data_error"
  | "flow_control_timeout"
  | "act_alert"
  | "low_power_alert"
  | "lv_reset"
  | "internal_error"
  | "unknown_command";

export type ReplyLine =
  /** Hexadecimal digits without spaces, upper case. */
  | { readonly kind: "data"; readonly hex: string }
  /** `N: ‹hex›`, a numbered part of a multi-line answer with headers off; the number is one hexadecimal digit. */
  | { readonly kind: "segment"; readonly index: number; readonly hex: string }
  /** The adapter is still looking, or has just opened the bus; an answer may follow. */
  | { readonly kind: "progress" }
  | { readonly kind: "ok" }
  | { readonly kind: "error"; readonly error: ElmError }
  | { readonly kind: "text"; readonly text: string };

/** After one of these the adapter has lost its settings, or asks for a reset (ERR94 ends all CAN traffic). */
const RESET_ERRORS: ReadonlySet<ElmError> = new Set(["lv_reset", "internal_error"]);

export const meansReset = (line: ReplyLine): boolean => line.kind === "error" && RESET_ERRORS.has(line.error);

const HEX = /^[0-9A-F]+$/;
const SEGMENT = /^([0-9A-F]):([0-9A-F]+)$/;
const PROGRESS = /^SEARCHING\.*|^BUSINIT:?\.*OK/;

/** Patterns match the line without spaces, in upper case; the first that fits decides. */
const ERRORS: readonly (readonly [RegExp, ElmError])[] = [
  [/^\?$/, "unknown_command"],
  [/^NODATA$/, "no_data"],
  [/^STOPPED$/, "stopped"],
  [/^BUFFERFULL$/, "buffer_full"],
  [/^CANERROR$/, "can_error"],
  [/^BUSINIT:?\.*ERROR$/, "bus_init_error"],
  [/^BUSBUSY$/, "bus_busy"],
  [/^BUSERROR$/, "bus_error"],
  [/^FBERROR$/, "feedback_error"],
  [/^UNABLETOCONNECT$/, "unable_to_connect"],
  [/<?RXERROR$/, "rx_error"],
  [/<?DATAERROR$/, "data_error"],
  [/^FCRXTIMEOUT$/, "flow_control_timeout"],
  [/^!?ACTALERT$/, "act_alert"],
  [/^!?LPALERT$/, "low_power_alert"],
  [/^LVRESET$/, "lv_reset"],
  [/^ERR\d\d$/, "internal_error"],
];

export const classifyLine = (line: string): ReplyLine => {
  const all = line.toUpperCase().replaceAll(" ", "");
  // Some adapters print the answer, or the failure, on the line of the progress text.
  const rest = all.replace(PROGRESS, "");
  if (rest === "") return { kind: "progress" };
  if (HEX.test(rest)) return { kind: "data", hex: rest };
  const segment = SEGMENT.exec(rest);
  if (segment !== null) {
    return { kind: "segment", index: Number.parseInt(segment[1] ?? "", 16), hex: segment[2] ?? "" };
  }
  if (rest === "OK") return { kind: "ok" };
  const error = ERRORS.find(([pattern]) => pattern.test(rest));
  if (error !== undefined) return { kind: "error", error: error[1] };
  return { kind: "text", text: line.trim() };
};
