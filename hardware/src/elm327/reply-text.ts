import type { BusFrame } from "./bus-frames.ts";

export interface ReplyStyle {
  readonly spaces: boolean;
  readonly headers: boolean;
  /** ATCAF1: protocol bytes and padding are left out where headers are off. */
  readonly autoFormat: boolean;
}

const hex = (value: number): string => value.toString(16).toUpperCase().padStart(2, "0");
const isCanFrame = (frame: BusFrame): boolean => frame.checksum === null;

/** The lines an ELM327 prints for the frames of one answer (data sheet, "Responses" and "Multiline Responses"). */
export const replyLines = (frames: readonly BusFrame[], style: ReplyStyle): readonly string[] =>
  frames.flatMap((frame) => {
    if (style.headers) return [withHeader(frame, style)];
    if (!isCanFrame(frame) || !style.autoFormat) return [join(frame.data, style)];
    return withoutHeader(frame, style);
  });

const join = (bytes: readonly number[], style: ReplyStyle): string =>
  bytes.map(hex).join(style.spaces ? " " : "");

const withHeader = (frame: BusFrame, style: ReplyStyle): string => {
  const gap = style.spaces ? " " : "";
  const wide = frame.header.length % 2 === 0 ? (frame.header.match(/../g) ?? []).join(gap) : frame.header;
  const tail = frame.checksum === null ? frame.data : [...frame.data, frame.checksum];
  return `${wide}${gap}${join(tail, style)}`;
};

const withoutHeader = (frame: BusFrame, style: ReplyStyle): readonly string[] => {
  const [pci = 0, second = 0] = frame.data;
  const kind = pci >> 4;
  if (kind === 0) return [join(frame.data.slice(1, 1 + pci), style)];
  if (kind === 1) {
    const length = (pci & 0x0f) * 256 + second;
    return [length.toString(16).toUpperCase().padStart(3, "0"), `0: ${join(frame.data.slice(2), style)}`];
  }
  return [`${(pci & 0x0f).toString(16).toUpperCase()}: ${join(frame.data.slice(1), style)}`];
};
