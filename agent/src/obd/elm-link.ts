import {
  isRoadstreamError,
  millis,
  withDeadline,
  type ByteChannel,
  type Clock,
  type DurationMs,
} from "@roadstream/shared";
import { ElmCommand } from "./elm-command.ts";
import type { ObdCounters } from "./obd-counters.ts";
import { ReplyFramer, type ElmReply, type FramerTotals } from "./reply-framer.ts";
import { classifyLine, meansReset, type ReplyLine } from "./reply-line.ts";

/** How long the adapter may take to come to its prompt when it is interrupted. */
const INTERRUPT_DEADLINE = millis(2000);
/** Nothing for this long after a prompt: no reply of an older command is still on its way. */
const QUIET = millis(250);
/** Replies that are read over before the adapter is called unresponsive. */
const DRAIN_REPLY_LIMIT = 16;
const RESYNC_TRIES = 3;
/** A port that takes nothing for so long is gone, whatever it says. */
const WRITE_DEADLINE = millis(5000);

const BYTE_KINDS = [
  ["textBytes", "text"],
  ["nulBytes", "nul"],
  ["garbageBytes", "garbage"],
  ["oversizeBytes", "oversize"],
] as const;
const FRAMING_FAULTS = [
  ["spoiledLines", "spoiled_line"],
  ["oversizeReplies", "oversize_reply"],
  ["droppedReplies", "dropped_reply"],
] as const;

export type AskOutcome =
  | { readonly kind: "reply"; readonly lines: readonly ReplyLine[] }
  | { readonly kind: "timeout" | "unresponsive" | "reset" | "oversize" };

export interface ElmLinkOptions {
  readonly channel: ByteChannel;
  readonly clock: Clock;
  readonly counters: ObdCounters;
  readonly signal: AbortSignal;
}

/**
 * One question at a time. A question that was not answered in time leaves the link out of step: the next one is asked
 * only after the adapter was interrupted, came to its prompt, fell quiet, and answered `ATI` with the identity it
 * showed at the start. The adapter works in order, so what came before that identity answered something older.
 */
export class ElmLink {
  readonly #channel: ByteChannel;
  readonly #clock: Clock;
  readonly #counters: ObdCounters;
  readonly #signal: AbortSignal;
  readonly #framer = new ReplyFramer();
  #counted: FramerTotals = this.#framer.totals;
  #wake: (() => void) | null = null;
  #outOfStep = true;
  #identity: string | null = null;
  #lost: unknown = null;

  constructor(options: ElmLinkOptions) {
    this.#channel = options.channel;
    this.#clock = options.clock;
    this.#counters = options.counters;
    this.#signal = options.signal;
  }

  /** Reads until the channel ends, is lost (told to whoever asks next), or the signal fires. Never rejects. */
  async receive(): Promise<void> {
    try {
      for await (const bytes of this.#channel.read(this.#signal)) {
        this.#framer.push(bytes);
        this.#count();
        this.#wake?.();
      }
      this.#lost = "ended";
    } catch (error) {
      this.#lost = error;
    }
    this.#wake?.();
  }

  /** True once the channel is gone: nothing more will be answered. */
  get lost(): boolean {
    return this.#lost !== null;
  }

  /** What `ATI` answers: the mark that {@link ask} looks for when the link is out of step. */
  identifyBy(identity: string): void {
    this.#identity = identity;
  }

  /** Asks after getting back into step. `unresponsive`: the adapter does not come to its prompt, or is gone. */
  async ask(command: ElmCommand, limit: DurationMs): Promise<AskOutcome> {
    const outcome = await this.#ask(command, limit);
    this.#counters.requests.add();
    this.#counters.outcomes.add(1, { outcome: outcome.kind === "reply" ? "answered" : outcome.kind });
    return outcome;
  }

  async #ask(command: ElmCommand, limit: DurationMs): Promise<AskOutcome> {
    if (this.#outOfStep && !(await this.#resync())) return { kind: "unresponsive" };
    const unasked = this.#framer.discard().map(classifyLine);
    if (unasked.length > 0) {
      this.#counters.unasked.add(unasked.length);
      // A banner or LV RESET that nobody asked for: the adapter has restarted with its default settings.
      if (unasked.some((line) => meansReset(line) || line.kind === "text")) return { kind: "reset" };
    }
    if (!(await this.#write(ElmCommand.wireBytes(command)))) return { kind: "unresponsive" };
    const reply = await this.#reply(limit);
    if (reply === null) {
      this.#outOfStep = true;
      return { kind: this.lost ? "unresponsive" : "timeout" };
    }
    if (reply.oversize) return { kind: "oversize" };
    const lines = withoutEcho(reply.lines, command.text).map(classifyLine);
    return lines.some(meansReset) || this.#isBanner(command, lines)
      ? { kind: "reset" }
      : { kind: "reply", lines };
  }

  /** The adapter introduces itself instead of answering: it has just started. */
  #isBanner(command: ElmCommand, lines: readonly ReplyLine[]): boolean {
    if (command.service === null || this.#identity === null) return false;
    return lines.some((line) => line.kind === "text" && line.text === this.#identity);
  }

  /** Restarts the adapter; its banner, or null when none came. The settings are the default ones afterwards. */
  async restart(limit: DurationMs): Promise<string | null> {
    await this.#interrupt();
    const banner = await this.#askForText(ElmCommand.at("ATZ"), limit);
    this.#outOfStep = banner === null;
    return banner;
  }

  async #resync(): Promise<boolean> {
    for (let attempt = 0; attempt < RESYNC_TRIES && !this.lost; attempt += 1) {
      if (!(await this.#interrupt())) continue;
      if (
        this.#identity === null ||
        (await this.#askForText(ElmCommand.at("ATI"), INTERRUPT_DEADLINE)) !== null
      ) {
        this.#outOfStep = false;
        return true;
      }
    }
    return false;
  }

  /**
   * Any character stops what the adapter does (`STOPPED`, prompt); at its prompt a lone CR repeats the last command,
   * whose reply is read over like any other. True when the adapter came to its prompt and fell quiet.
   */
  async #interrupt(): Promise<boolean> {
    if (!(await this.#write(Uint8Array.of(0x0d)))) return false;
    let limit = INTERRUPT_DEADLINE;
    for (let replies = 0; replies < DRAIN_REPLY_LIMIT; replies += 1) {
      const reply = await this.#reply(limit);
      if (reply === null) return replies > 0;
      this.#counters.unasked.add();
      limit = QUIET;
    }
    return false;
  }

  /** Reads over replies until one says something that is neither data, an error nor OK: a banner or an identity. */
  async #askForText(command: ElmCommand, limit: DurationMs): Promise<string | null> {
    this.#framer.discard();
    if (!(await this.#write(ElmCommand.wireBytes(command)))) return null;
    const end = this.#clock.uptime() + limit;
    for (let replies = 0; replies < DRAIN_REPLY_LIMIT; replies += 1) {
      const reply = await this.#reply(millis(Math.max(0, end - this.#clock.uptime())));
      if (reply === null) return null;
      const texts = withoutEcho(reply.lines, command.text).flatMap((line) => {
        const classified = classifyLine(line);
        return classified.kind === "text" ? [classified.text] : [];
      });
      const wanted = command.text === "ATZ" ? null : this.#identity;
      const text = wanted === null ? texts.at(-1) : texts.find((text) => text === wanted);
      if (text !== undefined) return text;
      this.#counters.unasked.add();
    }
    return null;
  }

  /** The next whole reply; null after `limit`, or when the channel is gone. */
  async #reply(limit: DurationMs): Promise<ElmReply | null> {
    const end = this.#clock.uptime() + limit;
    for (;;) {
      const reply = this.#framer.pull();
      if (reply !== null) return reply;
      const left = end - this.#clock.uptime();
      if (this.lost || left <= 0) return null;
      this.#signal.throwIfAborted();
      await this.#arrival(millis(left));
    }
  }

  /** Resolves when bytes arrive, the channel is lost, the signal fires, or after `limit`. */
  async #arrival(limit: DurationMs): Promise<void> {
    const timer = new AbortController();
    const stop = (): void => timer.abort();
    this.#signal.addEventListener("abort", stop, { once: true });
    const arrived = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    const expired = this.#clock.sleep(limit, timer.signal).catch((error: unknown) => {
      if (!isRoadstreamError(error, "aborted")) throw error;
    });
    try {
      await Promise.race([arrived, expired]);
    } finally {
      timer.abort();
      this.#signal.removeEventListener("abort", stop);
      this.#wake = null;
    }
  }

  /** False when the channel is gone. */
  async #write(bytes: Uint8Array): Promise<boolean> {
    if (this.lost) return false;
    try {
      await withDeadline(this.#clock, WRITE_DEADLINE, "write to the OBD adapter", () =>
        this.#channel.write(bytes),
      );
      return true;
    } catch (error) {
      if (!isRoadstreamError(error, "channel_lost") && !isRoadstreamError(error, "timeout")) throw error;
      this.#lost = error;
      return false;
    }
  }

  #count(): void {
    const now = this.#framer.totals;
    for (const [field, kind] of BYTE_KINDS) {
      const more = now[field] - this.#counted[field];
      if (more > 0) this.#counters.bytes.add(more, { kind });
    }
    for (const [field, reason] of FRAMING_FAULTS) {
      const more = now[field] - this.#counted[field];
      if (more > 0) this.#counters.rejected.add(more, { reason });
    }
    this.#counted = now;
  }
}

/** With echo on, the command comes back as the first line. */
const withoutEcho = (lines: readonly string[], command: string): readonly string[] =>
  lines[0]?.replaceAll(" ", "").toUpperCase() === command ? lines.slice(1) : lines;
