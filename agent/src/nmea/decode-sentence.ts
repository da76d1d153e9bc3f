import type { Frame } from "./framer.ts";
import { decodeGga, type Gga } from "./gga.ts";
import { decodeGll, type Gll } from "./gll.ts";
import { decodeGns, type Gns } from "./gns.ts";
import { decodeGsa, type Gsa } from "./gsa.ts";
import { decodeGsv, type Gsv } from "./gsv.ts";
import { decodeRmc, type Rmc } from "./rmc.ts";
import { Sentence, type Fault } from "./sentence.ts";
import { decodeVtg, type Vtg } from "./vtg.ts";
import { decodeZda, type Zda } from "./zda.ts";

export type Decoded = Rmc | Gga | Gns | Gsa | Vtg | Gll | Zda | Gsv;
export type SentenceType = Decoded["type"];

/** A well-framed sentence that is not believed. */
export interface Refused {
  readonly type: "refused";
  readonly sentence: SentenceType;
  readonly reason: Fault;
}

/** A well-framed sentence that says nothing this system asks for: proprietary, text, other types. */
export interface Unsupported {
  readonly type: "unsupported";
}

type Decode = (s: Sentence, talker: string) => Decoded;

const DECODERS: Readonly<Record<SentenceType, Decode>> = {
  RMC: decodeRmc,
  GGA: decodeGga,
  GNS: decodeGns,
  GSA: decodeGsa,
  VTG: decodeVtg,
  GLL: decodeGll,
  ZDA: decodeZda,
  GSV: decodeGsv,
};
export const SENTENCE_TYPES = Object.keys(DECODERS) as readonly SentenceType[];

const packed = (a: number, b: number, c: number): number => (a << 16) | (b << 8) | c;
const BY_FORMATTER = new Map(
  SENTENCE_TYPES.map((type) => [
    packed(type.charCodeAt(0), type.charCodeAt(1), type.charCodeAt(2)),
    { type, decode: DECODERS[type] },
  ]),
);

const UNSUPPORTED: Unsupported = { type: "unsupported" };
/** Address = talker (two capitals, any: GP GN GL GA GB BD QZ GQ IM IN ...) + formatter (three); `P...` is proprietary. */
const ADDRESS_BYTES = 5;
const COMMA = 0x2c;
const PROPRIETARY = 0x50;

/** Decodes framed sentences; keeps one field reader for all of them. */
export class SentenceDecoder {
  readonly #sentence = new Sentence();
  readonly #talkers = new Map<number, string>();

  decode(frame: Frame): Decoded | Refused | Unsupported {
    const { bytes, start } = frame;
    const comma = start + ADDRESS_BYTES;
    if (comma >= frame.end || bytes[comma] !== COMMA || bytes[start] === PROPRIETARY) return UNSUPPORTED;
    const known = BY_FORMATTER.get(
      packed(bytes[start + 2] as number, bytes[start + 3] as number, bytes[start + 4] as number),
    );
    const talker =
      known === undefined ? null : this.#talker(bytes[start] as number, bytes[start + 1] as number);
    if (known === undefined || talker === null) return UNSUPPORTED;
    const sentence = this.#sentence.load(bytes, start, frame.end);
    const decoded = known.decode(sentence, talker);
    return sentence.fault === null
      ? decoded
      : { type: "refused", sentence: known.type, reason: sentence.fault };
  }

  #talker(first: number, second: number): string | null {
    const key = (first << 8) | second;
    const known = this.#talkers.get(key);
    if (known !== undefined) return known;
    const talker = String.fromCharCode(first, second);
    // At most 26 × 26 entries.
    if (!/^[A-Z]{2}$/.test(talker)) return null;
    this.#talkers.set(key, talker);
    return talker;
  }
}
