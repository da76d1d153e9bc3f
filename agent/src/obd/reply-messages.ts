import { bytesOfHex, checksumFits, isCan, type BusFormat } from "./bus-format.ts";
import { IsoTpReassembler, type IsoTpFault } from "./iso-tp.ts";
import type { ObdMessage } from "./obd-message.ts";
import type { ReplyLine } from "./reply-line.ts";

type MessageFault =
  | IsoTpFault
  /** A line that does not fit the bus: wrong number of digits, or not an answer's identifier. */
  | "bad_header"
  | "bad_checksum"
  /** Headers off, several lines: no declared length, parts out of turn, or of more than one ECU. */
  | "bad_segments";

export interface MessagesOfReply {
  readonly messages: readonly ObdMessage[];
  readonly faults: readonly MessageFault[];
}

/** How this adapter shows answers; `headers: false` for clones that refuse `ATH1`. */
export type LineFormat = { readonly headers: true; readonly bus: BusFormat } | { readonly headers: false };

const CAN11_HEADER = 3;
const CAN29_HEADER = 8;
const LEGACY_HEADER = 6;
/** Header 3, service 1, checksum 1. */
const LEGACY_LINE_MIN_BYTES = 5;
/** Header 3, data 7, checksum 1 (SAE J1979 §5.3.2). */
const LEGACY_LINE_MAX_BYTES = 11;

/** The whole messages in one reply. Lines that carry no data are ignored here: the caller looks at them. */
export const messagesOfReply = (lines: readonly ReplyLine[], format: LineFormat): MessagesOfReply => {
  if (!format.headers) return withoutHeaders(lines);
  const data = lines.flatMap((line) => (line.kind === "data" ? [line.hex] : []));
  return isCan(format.bus) ? canMessages(data, format.bus) : legacyMessages(data, format.bus);
};

const canMessages = (lines: readonly string[], bus: BusFormat): MessagesOfReply => {
  const reassembler = new IsoTpReassembler();
  const faults: MessageFault[] = [];
  const [digits, answer] = bus === "can11" ? [CAN11_HEADER, /^7E[8-F]/] : [CAN29_HEADER, /^18DAF1/];
  for (const hex of lines) {
    const frame = bytesOfHex(hex.slice(digits));
    if (!answer.test(hex) || frame.length === 0 || frame.length > 8) faults.push("bad_header");
    else reassembler.push(hex.slice(0, digits), frame);
  }
  const { messages, faults: transport } = reassembler.finish();
  return {
    messages: messages.map(({ sender, payload }) => ({ ecu: sender, payload })),
    faults: [...faults, ...transport],
  };
};

const legacyMessages = (lines: readonly string[], bus: BusFormat): MessagesOfReply => {
  const messages: ObdMessage[] = [];
  const faults: MessageFault[] = [];
  for (const hex of lines) {
    const line = bytesOfHex(hex);
    if (line.length < LEGACY_LINE_MIN_BYTES || line.length > LEGACY_LINE_MAX_BYTES) faults.push("bad_header");
    else if (!checksumFits(bus === "iso" ? "iso" : "j1850", line)) faults.push("bad_checksum");
    else messages.push({ ecu: hex.slice(LEGACY_HEADER - 2, LEGACY_HEADER), payload: line.slice(3, -1) });
  }
  return { messages, faults };
};

/**
 * Headers off: an answer that fits one frame is one plain line. A longer one is a line with its length in three
 * digits, then `0:`, `1:`, … of six, seven, seven bytes. Two ECUs' parts cannot be told apart, so any repetition
 * drops them all.
 */
const withoutHeaders = (lines: readonly ReplyLine[]): MessagesOfReply => {
  const messages: ObdMessage[] = [];
  const faults: MessageFault[] = [];
  const parts: string[] = [];
  let length: number | null = null;
  let broken = false;
  for (const line of lines) {
    if (line.kind === "data" && line.hex.length === 3) {
      broken ||= length !== null;
      length = Number.parseInt(line.hex, 16);
    } else if (line.kind === "data" && line.hex.length % 2 === 0) {
      messages.push({ ecu: "", payload: bytesOfHex(line.hex) });
    } else if (line.kind === "data") {
      faults.push("bad_header");
    } else if (line.kind === "segment") {
      broken ||= line.index !== parts.length % 16;
      parts.push(line.hex);
    }
  }
  if (parts.length === 0 && length === null) return { messages, faults };
  const payload = bytesOfHex(parts.join(""));
  if (broken || length === null || payload.length < length || !segmentLengthsFit(parts)) {
    return { messages, faults: [...faults, "bad_segments"] };
  }
  return { messages: [...messages, { ecu: "", payload: payload.slice(0, length) }], faults };
};

/** Every part but the last is full: 6 bytes in the first, 7 in the others. */
const segmentLengthsFit = (parts: readonly string[]): boolean =>
  parts.every(
    (hex, index) => hex.length === (index === 0 ? 12 : 14) || (index === parts.length - 1 && index > 0),
  );
