import { millis, seconds, type DurationMs } from "@roadstream/shared";
import { busFormatOfProtocol, guessBusFormat, isCan, type BusFormat } from "./bus-format.ts";
import { ElmCommand, type AtCommand, type ReadService } from "./elm-command.ts";
import type { AskOutcome, ElmLink } from "./elm-link.ts";
import type { ObdCounters } from "./obd-counters.ts";
import type { ObdMessage } from "./obd-message.ts";
import type { ElmError, ReplyLine } from "./reply-line.ts";
import { messagesOfReply, type LineFormat } from "./reply-messages.ts";

/** `ATZ` takes about a second. */
const RESTART_DEADLINE = seconds(5);
const AT_DEADLINE = seconds(2);
/** The adapter itself gives up after ATST, 200 ms by default, per awaited answer; ISO buses add their own pauses. */
const REQUEST_DEADLINE = seconds(3);
/** `SEARCHING...` tries up to ten protocols, two of them with a 5-baud wake-up of some seconds. */
const SEARCH_DEADLINE = seconds(30);

/**
 * After `ATZ`, in this order. Clones answer `?` to many of them and each is then done without: echo, line feeds and
 * spaces are understood anyway, headers off has its own grammar, and automatic protocol is the factory setting.
 */
const SETTINGS: readonly AtCommand[] = ["ATE0", "ATL0", "ATS0", "ATH1", "ATCAF1", "ATAT1", "ATSP0"];

export type QueryOutcome =
  | { readonly kind: "messages"; readonly messages: readonly ObdMessage[] }
  /** The adapter says why there is nothing. */
  | { readonly kind: "error"; readonly error: ElmError }
  /** It answered, with nothing that can be believed. */
  | { readonly kind: "unusable" }
  | { readonly kind: Exclude<AskOutcome["kind"], "reply"> };

/** How a session ended, or that it did not. */
export type SessionEnd = "unresponsive" | "reset";

/** One adapter, set up: asks read-only requests and takes the answers apart. */
export class ElmSession {
  readonly #link: ElmLink;
  readonly #counters: ObdCounters;
  #headers = false;
  #bus: BusFormat | null = null;

  constructor(options: { link: ElmLink; counters: ObdCounters }) {
    this.#link = options.link;
    this.#counters = options.counters;
  }

  /** Known after the first answer of the car; null with headers off and a clone that does not tell. */
  get bus(): BusFormat | null {
    return this.#bus;
  }

  /** May several PIDs go into one request? Only on CAN (SAE J1979 §7.1), and never unless it is known to be CAN. */
  get takesSeveralPids(): boolean {
    return this.#bus !== null && isCan(this.#bus);
  }

  /** Restarts the adapter and sets it up; the car's bus is not touched. */
  async initialise(): Promise<"ready" | SessionEnd> {
    const banner = await this.#link.restart(RESTART_DEADLINE);
    if (banner === null) return "unresponsive";
    for (const setting of SETTINGS) {
      const outcome = await this.#link.ask(ElmCommand.at(setting), AT_DEADLINE);
      if (outcome.kind === "unresponsive" || outcome.kind === "reset") return outcome.kind;
      if (setting === "ATH1") this.#headers = isOk(outcome);
    }
    const identity = await this.#link.ask(ElmCommand.at("ATI"), AT_DEADLINE);
    if (identity.kind === "unresponsive" || identity.kind === "reset") return identity.kind;
    const text = identity.kind === "reply" ? identity.lines.find((line) => line.kind === "text") : undefined;
    if (text?.kind === "text") this.#link.identifyBy(text.text);
    return "ready";
  }

  /**
   * The first request of a session: the adapter looks for the car's protocol. Learns how answers stand on their lines
   * before it reads the answer itself.
   */
  async connect(): Promise<QueryOutcome> {
    const command = ElmCommand.read(0x01, [0x00]);
    const outcome = await this.#link.ask(command, SEARCH_DEADLINE);
    if (outcome.kind !== "reply") return { kind: outcome.kind };
    const firstData = outcome.lines.find((line) => line.kind === "data");
    if (firstData === undefined) return this.#take(outcome.lines);
    const protocol = await this.#link.ask(ElmCommand.at("ATDPN"), AT_DEADLINE);
    if (protocol.kind === "unresponsive" || protocol.kind === "reset") return { kind: protocol.kind };
    const told = protocol.kind === "reply" ? textOf(protocol.lines[0]) : null;
    this.#bus = busFormatOfProtocol(told ?? "") ?? (this.#headers ? guessBusFormat(firstData.hex) : null);
    return this.#take(outcome.lines);
  }

  /** One request, one outcome, within its deadline. */
  async query(service: ReadService, pids: readonly number[] = []): Promise<QueryOutcome> {
    const outcome = await this.#link.ask(ElmCommand.read(service, pids), REQUEST_DEADLINE);
    return outcome.kind === "reply" ? this.#take(outcome.lines) : { kind: outcome.kind };
  }

  /** The socket's voltage, measured by the adapter without a word on the bus; null: it cannot, or said nonsense. */
  async voltage(limit: DurationMs = millis(AT_DEADLINE)): Promise<number | null | SessionEnd> {
    const outcome = await this.#link.ask(ElmCommand.at("ATRV"), limit);
    if (outcome.kind === "unresponsive" || outcome.kind === "reset") return outcome.kind;
    if (outcome.kind !== "reply" || outcome.lines.length !== 1) return null;
    return parseVoltage(textOf(outcome.lines[0]) ?? "");
  }

  #take(lines: readonly ReplyLine[]): QueryOutcome {
    const format = this.#format();
    const { messages, faults } =
      format === null ? { messages: [], faults: [] } : messagesOfReply(lines, format);
    for (const reason of faults) this.#counters.rejected.add(1, { reason });
    const error = lines.find((line) => line.kind === "error");
    if (error !== undefined) this.#counters.errors.add(1, { error: error.error });
    if (messages.length > 0) return { kind: "messages", messages };
    if (error !== undefined) return { kind: "error", error: error.error };
    this.#counters.errors.add(1, { error: "unusable" });
    return { kind: "unusable" };
  }

  #format(): LineFormat | null {
    if (!this.#headers) return { headers: false };
    return this.#bus === null ? null : { headers: true, bus: this.#bus };
  }
}

const isOk = (outcome: AskOutcome): boolean =>
  outcome.kind === "reply" && outcome.lines.some((line) => line.kind === "ok");

const textOf = (line: ReplyLine | undefined): string | null => {
  if (line?.kind === "data") return line.hex;
  return line?.kind === "text" ? line.text : null;
};

/** `12.6V`, some clones without the V. A 12 V or 24 V system; anything else is not its voltage. */
const VOLTAGE = /^(\d{1,2}\.\d{1,2})V?$/;
const VOLTAGE_MAX = 36;

export const parseVoltage = (text: string): number | null => {
  const match = VOLTAGE.exec(text.trim().toUpperCase());
  const volts = match === null ? 0 : Number(match[1]);
  return volts > 0 && volts <= VOLTAGE_MAX ? volts : null;
};
