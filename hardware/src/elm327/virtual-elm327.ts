import { randomBelow, type Random } from "@roadstream/shared";
import type { ReadCarState } from "../car-state.ts";
import { DEFAULT_SETTINGS, runAtCommand, type AdapterSettings } from "./adapter-settings.ts";
import { framesOf, interleave, type BusProtocol } from "./bus-frames.ts";
import { noFaults, type AnswerTrouble, type Elm327Faults } from "./elm327-faults.ts";
import { replyLines } from "./reply-text.ts";
import { ecuAnswer, ENGINE_ECU, TRANSMISSION_ECU, type EcuProfile } from "./virtual-ecu.ts";

/** The chip's own command buffer; a longer line is answered by `?`. */
const COMMAND_LIMIT = 254;
/** Output that nobody pulls: beyond this the oldest is kept and the newest dropped, as a full UART does. */
export const OUTPUT_LIMIT_BYTES = 65_536;

const AT_MS = 5;
const RESTART_MS = 700;
const ANSWER_MS = 40;
const SEARCH_MS = 1800;
const SEARCH_FAILS_MS = 6000;

/** What cheap copies answer by `?`: no headers, no spaces off, no timing, no protocol number. */
const CLONE_LACKS = /^(H|S\d|AT|AL|CAF|ST|DPN|PC|@1)/;

export interface VirtualElm327Options {
  readonly readCar: ReadCarState;
  readonly random: Random;
  readonly ecus?: readonly EcuProfile[];
  /** What the car speaks. */
  readonly protocol?: BusProtocol;
  readonly model?: "v1.5" | "v2.2" | "clone";
  readonly faults?: Elm327Faults;
}

interface Output {
  readonly at: number;
  readonly text: string;
}

/**
 * An ELM327 as seen from its serial line: characters in by `push`, characters out by `pull` once their time has come.
 * It has no clock: the caller says what time it is, and learns from `nextAt` when to come again. Times are any
 * monotonic milliseconds.
 */
export class VirtualElm327 {
  readonly faults: Elm327Faults;
  readonly #options: Required<Omit<VirtualElm327Options, "faults">>;
  #settings: AdapterSettings = DEFAULT_SETTINGS;
  #line = "";
  #last = "ATI";
  #output: Output[] = [];
  #held = 0;
  #busyUntil = 0;
  readonly #waiting: string[] = [];
  /** Requests that reached the bus: what a sleeping car would be woken by. */
  #busRequests = 0;

  constructor(options: VirtualElm327Options & { readonly now: number }) {
    this.#options = {
      readCar: options.readCar,
      random: options.random,
      ecus: options.ecus ?? [ENGINE_ECU, TRANSMISSION_ECU],
      protocol: options.protocol ?? "6",
      model: options.model ?? "v1.5",
    };
    this.faults = options.faults ?? noFaults();
    this.#restart(options.now);
  }

  get busRequests(): number {
    return this.#busRequests;
  }

  /** When the next output is due; null when there is none. */
  get nextAt(): number | null {
    return this.#output[0]?.at ?? null;
  }

  push(bytes: Uint8Array, now: number): void {
    for (const byte of bytes) {
      const character = String.fromCharCode(byte & 0x7f);
      const waits = this.faults.stubborn && now < this.#busyUntil;
      if (!waits) this.#character(character, now);
      else if (this.#waiting.length < COMMAND_LIMIT) this.#waiting.push(character);
    }
  }

  /** The output that is due by now. */
  pull(now: number): Uint8Array {
    while (now >= this.#busyUntil && this.#waiting.length > 0)
      this.#character(this.#waiting.shift() ?? "", now);
    let text = "";
    while (this.#output[0] !== undefined && this.#output[0].at <= now)
      text += this.#output.shift()?.text ?? "";
    this.#held -= text.length;
    return this.#spoil(text);
  }

  /** Fault: the supply dips, as when the engine is cranked; the adapter starts anew and says so. */
  brownOut(now: number): void {
    this.#settings = DEFAULT_SETTINGS;
    this.#drop(now);
    this.#say(now, ["LV RESET"]);
  }

  #character(character: string, now: number): void {
    if (this.faults.mute) return;
    if (now < this.#busyUntil) {
      this.#drop(now);
      this.#line = "";
      this.#say(now + AT_MS, ["STOPPED"]);
      return;
    }
    if (character === "\r") {
      const command = this.#line.replaceAll(" ", "").toUpperCase();
      if (this.#settings.echo) this.#emit(now, `${this.#line}\r`);
      this.#line = "";
      if (command !== "") this.#last = command;
      this.#run(this.#last, now);
    } else if (character >= " " && this.#line.length <= COMMAND_LIMIT) {
      this.#line += character;
    }
  }

  #run(command: string, now: number): void {
    if (command.startsWith("AT")) this.#at(command.slice(2), now);
    else if (/^[0-9A-F]{2,}$/.test(command) && command.length <= COMMAND_LIMIT) this.#request(command, now);
    else this.#say(now + AT_MS, ["?"]);
  }

  #at(body: string, now: number): void {
    const { model, readCar } = this.#options;
    const identity = `ELM327 ${model === "clone" ? "v2.1" : model}`;
    const outcome =
      model === "clone" && CLONE_LACKS.test(body)
        ? ({ kind: "unknown" } as const)
        : runAtCommand(body, this.#settings, { identity, volts: readCar().batteryV });
    if (outcome.kind === "restart") {
      this.#restart(now);
    } else if (outcome.kind === "unknown") {
      this.#say(now + AT_MS, ["?"]);
    } else {
      // The answer is still printed with the old setting of line feeds.
      this.#say(now + AT_MS, [outcome.text]);
      this.#settings = outcome.settings;
    }
  }

  #restart(now: number): void {
    this.#settings = DEFAULT_SETTINGS;
    const { model } = this.#options;
    this.#say(now + RESTART_MS, ["", "", `ELM327 ${model === "clone" ? "v2.1" : model}`]);
  }

  /** An odd last digit is the number of answers to wait for; this adapter always waits for all. */
  #request(command: string, now: number): void {
    const trouble = this.faults.troubles.shift() ?? null;
    const digits = command.slice(0, command.length - (command.length % 2));
    const request = Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
    const before: string[] = [];
    let at = now + this.faults.lateMs;
    this.#busRequests += 1;
    const { ecus, protocol, readCar } = this.#options;
    const car = readCar();
    const wanted = this.#settings.chosen === "0" || this.#settings.chosen === protocol;
    const answers = wanted ? ecus.map((ecu) => ({ ecu, answer: ecuAnswer(ecu, request, car) })) : [];
    const frames = interleave(
      answers.map(({ ecu, answer }) => (answer === null ? [] : framesOf(protocol, ecu, answer))),
    );
    if (this.#settings.active === null) {
      before.push("SEARCHING...");
      if (frames.length === 0) {
        this.#busyUntil = at + SEARCH_FAILS_MS;
        this.#emit(now, "SEARCHING...");
        this.#say(at + SEARCH_FAILS_MS, ["", "UNABLE TO CONNECT"]);
        return;
      }
      at += SEARCH_MS;
      this.#settings = { ...this.#settings, active: protocol };
    }
    at += frames.length === 0 ? this.#settings.timeoutMs : ANSWER_MS;
    this.#busyUntil = at;
    const lines = frames.length === 0 ? ["NO DATA"] : replyLines(frames, this.#settings);
    this.#answer(at, before, lines, trouble);
  }

  #answer(
    at: number,
    before: readonly string[],
    lines: readonly string[],
    trouble: AnswerTrouble | null,
  ): void {
    switch (trouble) {
      case null:
        return this.#say(at, [...before, ...lines]);
      case "no_answer":
        this.#busyUntil = Number.POSITIVE_INFINITY;
        return undefined;
      case "no_data":
        return this.#say(at, ["NO DATA"]);
      case "stopped":
        return this.#say(at, ["STOPPED"]);
      case "can_error":
        return this.#say(at, ["CAN ERROR"]);
      case "buffer_full":
        return this.#say(at, [...lines.slice(0, 1), "BUFFER FULL"]);
      case "rx_error":
        return this.#say(at, [...lines.slice(0, -1), `${lines.at(-1) ?? ""} <RX ERROR`]);
      case "lost_frame":
        return this.#say(at, lines.length > 1 ? lines.toSpliced(1, 1) : ["NO DATA"]);
      case "err94":
        return this.#say(at, ["ERR94"]);
      case "lv_reset":
        return this.brownOut(at);
      default:
        return trouble satisfies never;
    }
  }

  #say(at: number, lines: readonly string[]): void {
    const end = this.#settings.linefeeds ? "\r\n" : "\r";
    this.#emit(at, `${lines.map((line) => line + end).join("")}${end}>`);
  }

  #emit(at: number, text: string): void {
    if (this.#held + text.length > OUTPUT_LIMIT_BYTES) return;
    this.#held += text.length;
    this.#output.push({ at, text });
    this.#output.sort((a, b) => a.at - b.at);
  }

  /** What was to be said later is not said any more. */
  #drop(now: number): void {
    this.#output = this.#output.filter((output) => output.at <= now);
    this.#held = this.#output.reduce((sum, output) => sum + output.text.length, 0);
    this.#busyUntil = now;
  }

  #spoil(text: string): Uint8Array {
    const { random } = this.#options;
    const { garbage, nuls } = this.faults;
    const bytes: number[] = [];
    for (const byte of new TextEncoder().encode(text)) {
      if (nuls > 0 && random.next() < nuls) bytes.push(0);
      bytes.push(garbage > 0 && random.next() < garbage ? randomBelow(random, 256) : byte);
    }
    return Uint8Array.from(bytes);
  }
}
