/**
 * Cuts an ELM327's output into replies. Grammar (ELM327 data sheet, "Communicating with the ELM327"):
 *
 *   reply  = { line CR } ">"        with an optional LF after each CR (ATL1)
 *   line   = printable ASCII        the first may be the command again (ATE1)
 *
 * NUL bytes may be inserted by the adapter at any place and carry nothing: dropped, as the data sheet asks. Any other
 * byte outside printable ASCII spoils its whole line: what is left of it could spell a value that nobody sent.
 */
export const OBD_REPLY_LIMIT_BYTES = 4096;
/** Complete replies held until pulled; one command has one reply, so more are noise. */
export const PENDING_REPLY_LIMIT = 16;

const CR = 0x0d;
const LF = 0x0a;
const NUL = 0x00;
const PROMPT = 0x3e;
const FIRST_PRINTABLE = 0x20;
const LAST_PRINTABLE = 0x7e;

export interface ElmReply {
  /** Trimmed, none empty, none spoiled. */
  readonly lines: readonly string[];
  readonly spoiledLines: number;
  /** It passed {@link OBD_REPLY_LIMIT_BYTES}; its lines were dropped. */
  readonly oversize: boolean;
}

/** Running totals; every byte pushed is in exactly one of text, nul, garbage, oversize. */
export interface FramerTotals {
  readonly textBytes: number;
  readonly nulBytes: number;
  readonly garbageBytes: number;
  readonly oversizeBytes: number;
  readonly spoiledLines: number;
  readonly oversizeReplies: number;
  readonly droppedReplies: number;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export class ReplyFramer {
  #lines: string[] = [];
  #line = "";
  #lineSpoiled = false;
  #spoiled = 0;
  #bytes = 0;
  #oversize = false;
  readonly #ready: ElmReply[] = [];
  readonly #totals: Mutable<FramerTotals> = {
    textBytes: 0,
    nulBytes: 0,
    garbageBytes: 0,
    oversizeBytes: 0,
    spoiledLines: 0,
    oversizeReplies: 0,
    droppedReplies: 0,
  };

  get totals(): FramerTotals {
    return { ...this.#totals };
  }

  push(bytes: Uint8Array): void {
    for (const byte of bytes) this.#take(byte);
  }

  /** The oldest complete reply, or null. */
  pull(): ElmReply | null {
    return this.#ready.shift() ?? null;
  }

  /** Forgets what came without being asked for and returns its whole lines, which may tell of a reset. */
  discard(): readonly string[] {
    this.#endLine();
    const lines = [...this.#ready.flatMap((reply) => reply.lines), ...this.#lines];
    this.#ready.length = 0;
    this.#startReply();
    return lines;
  }

  #take(byte: number): void {
    if (byte === NUL) {
      this.#totals.nulBytes += 1;
      return;
    }
    if (byte === PROMPT) {
      this.#totals.textBytes += 1;
      this.#endReply();
      return;
    }
    if (this.#bytes >= OBD_REPLY_LIMIT_BYTES) {
      this.#overflow();
      return;
    }
    this.#bytes += 1;
    if (byte === CR || byte === LF) {
      this.#totals.textBytes += 1;
      this.#endLine();
    } else if (byte < FIRST_PRINTABLE || byte > LAST_PRINTABLE) {
      this.#totals.garbageBytes += 1;
      this.#lineSpoiled = true;
    } else {
      this.#totals.textBytes += 1;
      this.#line += String.fromCharCode(byte);
    }
  }

  #overflow(): void {
    if (!this.#oversize) this.#totals.oversizeReplies += 1;
    this.#oversize = true;
    this.#totals.oversizeBytes += 1;
    this.#lines = [];
    this.#line = "";
  }

  #endLine(): void {
    const text = this.#line.trim();
    if (this.#lineSpoiled) {
      this.#spoiled += 1;
      this.#totals.spoiledLines += 1;
    } else if (text !== "") {
      this.#lines.push(text);
    }
    this.#line = "";
    this.#lineSpoiled = false;
  }

  #endReply(): void {
    this.#endLine();
    if (this.#ready.length >= PENDING_REPLY_LIMIT) {
      this.#totals.droppedReplies += 1;
    } else {
      const lines = this.#oversize ? [] : this.#lines;
      this.#ready.push({ lines, spoiledLines: this.#spoiled, oversize: this.#oversize });
    }
    this.#startReply();
  }

  #startReply(): void {
    this.#lines = [];
    this.#line = "";
    this.#lineSpoiled = false;
    this.#spoiled = 0;
    this.#bytes = 0;
    this.#oversize = false;
  }
}
