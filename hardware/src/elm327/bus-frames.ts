import type { EcuProfile } from "./virtual-ecu.ts";

/** What travels on the bus for one answer: header bytes (or an 11-bit identifier's digits) and data, frame by frame. */
export interface BusFrame {
  /** As printed without spaces: `7E8`, `18DAF110`, `486B10`. */
  readonly header: string;
  readonly data: readonly number[];
  /** Older buses only: the byte after the data. */
  readonly checksum: number | null;
}

/** By ELM327 protocol number; the ones this adapter can imitate. */
export const BUS_PROTOCOLS = {
  "3": { name: "ISO 9141-2", kind: "iso" },
  "6": { name: "ISO 15765-4 (CAN 11/500)", kind: "can11" },
  "7": { name: "ISO 15765-4 (CAN 29/500)", kind: "can29" },
} as const;
export type BusProtocol = keyof typeof BUS_PROTOCOLS;

const PADDING = 0xaa;

export const framesOf = (
  protocol: BusProtocol,
  ecu: EcuProfile,
  answer: readonly number[],
): readonly BusFrame[] => {
  const { kind } = BUS_PROTOCOLS[protocol];
  if (kind === "iso") return isoFrames(ecu, answer);
  const header =
    kind === "can11" ? (0x7e8 + ecu.address).toString(16) : `18daf1${(0x10 + ecu.address).toString(16)}`;
  return isoTpFrames(answer).map((data) => ({ header: header.toUpperCase(), data, checksum: null }));
};

/** ISO 15765-2: one frame of up to seven bytes, else a first frame of six and consecutive ones of seven; padded. */
const isoTpFrames = (answer: readonly number[]): readonly (readonly number[])[] => {
  const pad = (frame: readonly number[]): readonly number[] => [
    ...frame,
    ...Array(8 - frame.length).fill(PADDING),
  ];
  if (answer.length <= 7) return [pad([answer.length, ...answer])];
  const first = [0x10 | (answer.length >> 8), answer.length & 0xff, ...answer.slice(0, 6)];
  const rest = Array.from({ length: Math.ceil((answer.length - 6) / 7) }, (_, i) =>
    pad([0x20 | ((i + 1) % 16), ...answer.slice(6 + i * 7, 13 + i * 7)]),
  );
  return [first, ...rest];
};

/** SAE J1979 §6: at most seven data bytes; codes in threes without a count, the VIN in five numbered parts. */
const isoFrames = (ecu: EcuProfile, answer: readonly number[]): readonly BusFrame[] => {
  const frame = (data: readonly number[]): BusFrame => {
    const head = [0x48, 0x6b, 0x10 + ecu.address];
    const checksum = [...head, ...data].reduce((sum, byte) => (sum + byte) % 256, 0);
    return { header: `486B${(0x10 + ecu.address).toString(16)}`.toUpperCase(), data, checksum };
  };
  const [service = 0] = answer;
  if (service === 0x49) {
    const text = [0, 0, 0, ...answer.slice(3)];
    return Array.from({ length: 5 }, (_, i) => frame([0x49, 0x02, i + 1, ...text.slice(i * 4, i * 4 + 4)]));
  }
  if (service === 0x41) return [frame(answer.slice(0, 7))];
  const codes = answer.slice(2);
  const count = Math.max(1, Math.ceil(codes.length / 6));
  return Array.from({ length: count }, (_, i) => {
    const part = codes.slice(i * 6, i * 6 + 6);
    return frame([service, ...part, ...Array(6 - part.length).fill(0)]);
  });
};

/** Several units answer at once: their frames mix, one of each in turn. */
export const interleave = (answers: readonly (readonly BusFrame[])[]): readonly BusFrame[] => {
  const longest = Math.max(0, ...answers.map((frames) => frames.length));
  return Array.from({ length: longest }, (_, i) => answers.flatMap((frames) => frames[i] ?? [])).flat();
};
