/**
 * Puts multi-frame messages together (ISO 15765-2, classic CAN, normal addressing). First byte of a frame, the PCI:
 *
 *   0L           single frame, L = 1..7 bytes follow; anything after them is padding
 *   1L LL        first frame, LLL = 8..4095 bytes in all, six of them here
 *   2N           consecutive frame, N = sequence number, 1 after the first frame, wrapping 15 → 0
 *   3x           flow control, from tester to ECU; says nothing to us
 *
 * Each ECU has its own message under way, so frames of several may be mixed. A message with any frame missing, doubled
 * or out of turn is dropped whole and named; nothing is guessed.
 */
export const ISO_TP_SENDER_LIMIT = 16;

const ISO_TP_FAULTS = [
  "empty_frame",
  "bad_single_length",
  "bad_first_length",
  "short_frame",
  "wrong_sequence",
  "orphan_consecutive",
  "interrupted",
  "incomplete",
  "flow_control",
  "unknown_pci",
  "too_many_senders",
] as const;
export type IsoTpFault = (typeof ISO_TP_FAULTS)[number];

export interface IsoTpMessage {
  readonly sender: string;
  readonly payload: Uint8Array;
}

const SINGLE_MAX = 7;
const FIRST_DATA = 6;
const CONSECUTIVE_DATA = 7;
const FRAME_BYTES = 8;

interface Underway {
  readonly payload: Uint8Array;
  filled: number;
  nextSequence: number;
}

export class IsoTpReassembler {
  readonly #underway = new Map<string, Underway>();
  readonly #messages: IsoTpMessage[] = [];
  readonly #faults: IsoTpFault[] = [];

  push(sender: string, frame: Uint8Array): void {
    const pci = frame[0];
    if (pci === undefined) this.#faults.push("empty_frame");
    else if (pci >> 4 === 0) this.#single(sender, frame, pci & 0x0f);
    else if (pci >> 4 === 1) this.#first(sender, frame, pci & 0x0f);
    else if (pci >> 4 === 2) this.#consecutive(sender, frame, pci & 0x0f);
    else this.#faults.push(pci >> 4 === 3 ? "flow_control" : "unknown_pci");
  }

  /** Ends the exchange: what was completed, in order of completion, and what went wrong. Starts afresh. */
  finish(): { readonly messages: readonly IsoTpMessage[]; readonly faults: readonly IsoTpFault[] } {
    this.#faults.push(...[...this.#underway.keys()].map(() => "incomplete" as const));
    this.#underway.clear();
    return { messages: this.#messages.splice(0), faults: this.#faults.splice(0) };
  }

  #single(sender: string, frame: Uint8Array, length: number): void {
    this.#interrupt(sender);
    if (length < 1 || length > SINGLE_MAX) this.#faults.push("bad_single_length");
    else if (frame.length - 1 < length) this.#faults.push("short_frame");
    else this.#messages.push({ sender, payload: frame.slice(1, 1 + length) });
  }

  #first(sender: string, frame: Uint8Array, highBits: number): void {
    this.#interrupt(sender);
    const length = highBits * 256 + (frame[1] ?? 0);
    if (frame.length !== FRAME_BYTES) {
      this.#faults.push("short_frame");
    } else if (length <= SINGLE_MAX) {
      this.#faults.push("bad_first_length");
    } else if (this.#underway.size >= ISO_TP_SENDER_LIMIT) {
      this.#faults.push("too_many_senders");
    } else {
      const payload = new Uint8Array(length);
      payload.set(frame.subarray(2));
      this.#underway.set(sender, { payload, filled: FIRST_DATA, nextSequence: 1 });
    }
  }

  #consecutive(sender: string, frame: Uint8Array, sequence: number): void {
    const message = this.#underway.get(sender);
    if (message === undefined) {
      this.#faults.push("orphan_consecutive");
      return;
    }
    if (sequence !== message.nextSequence) {
      this.#underway.delete(sender);
      this.#faults.push("wrong_sequence");
      return;
    }
    const wanted = Math.min(CONSECUTIVE_DATA, message.payload.length - message.filled);
    if (frame.length - 1 < wanted) {
      this.#underway.delete(sender);
      this.#faults.push("short_frame");
      return;
    }
    message.payload.set(frame.subarray(1, 1 + wanted), message.filled);
    message.filled += wanted;
    message.nextSequence = (sequence + 1) % 16;
    if (message.filled === message.payload.length) {
      this.#underway.delete(sender);
      this.#messages.push({ sender, payload: message.payload });
    }
  }

  /** A new message before the last one was whole means that the rest of it will not come. */
  #interrupt(sender: string): void {
    if (this.#underway.delete(sender)) this.#faults.push("interrupted");
  }
}
