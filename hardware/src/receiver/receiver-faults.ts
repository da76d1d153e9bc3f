import { randomBelow, type Random } from "@roadstream/shared";

/** What a fault does to the bytes of one epoch; `silence` and `unplug` are the channel's business. */
export type ByteFault = "garbage" | "nul" | "checksum" | "merged" | "binary";

export const BYTE_FAULTS: readonly ByteFault[] = ["garbage", "nul", "checksum", "merged", "binary"];

const MAX_NOISE_BYTES = 64;

/** A UBX frame header with a `$` in its payload: binary between sentences that looks like the start of one. */
const UBX_LIKE = [0xb5, 0x62, 0x01, 0x07, 0x04, 0x00, 0x24, 0x47, 0x50, 0x2a, 0xf1, 0x9d] as const;

const encode = (text: string): Uint8Array =>
  Uint8Array.from(text, (character) => character.charCodeAt(0) & 0xff);

const join = (parts: readonly Uint8Array[]): Uint8Array => {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
};

const noise = (random: Random): Uint8Array =>
  Uint8Array.from({ length: 1 + randomBelow(random, MAX_NOISE_BYTES) }, () => randomBelow(random, 256));

/** Every sentence's last checksum digit becomes another one. */
const spoilChecksums = (text: string): string =>
  text.replace(/([0-9A-F])\r\n/g, (_, digit: string) => `${digit === "0" ? "1" : "0"}\r\n`);

/** Noise before every line, so that each sentence starts in the middle of something. */
const beforeEachLine = (text: string, noiseBytes: () => Uint8Array): Uint8Array =>
  join(text.split(/(?<=\n)/).flatMap((line) => [noiseBytes(), encode(line)]));

const SPOILERS: Readonly<Record<ByteFault, (text: string, random: Random) => Uint8Array>> = {
  garbage: (text, random) => beforeEachLine(text, () => noise(random)),
  nul: (text) => beforeEachLine(text, () => new Uint8Array(3)),
  binary: (text) => beforeEachLine(text, () => Uint8Array.from(UBX_LIKE)),
  checksum: (text) => encode(spoilChecksums(text)),
  // A lost line end, and the start of the next sentence with it.
  merged: (text) => encode(text.replace(/\*[0-9A-F]{2}\r\n\$/g, "")),
};

/** The bytes of an epoch's sentences, as they come over a line with that fault. */
export const spoil = (text: string, fault: ByteFault | null, random: Random): Uint8Array =>
  fault === null ? encode(text) : SPOILERS[fault](text, random);
