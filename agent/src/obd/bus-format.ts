/**
 * How an answer's bytes stand on a line when headers are on:
 *
 *   can11   7E8 | PCI data…            three digits of identifier, so the number of digits is odd
 *   can29   18DAF110 | PCI data…       SAE J1979 response identifiers 18 DA F1 xx
 *   j1850   48 6B 10 | data… | CRC     three header bytes, SAE J1850 CRC-8
 *   iso     48 6B 10 | data… | sum     ISO 9141-2 and ISO 14230-4, sum modulo 256
 */
export type BusFormat = "can11" | "can29" | "j1850" | "iso";

/** By ELM327 protocol number (`ATDPN`, an `A` before it means found automatically); null: not told. */
export const busFormatOfProtocol = (answer: string): BusFormat | null => {
  const match = /^A?([1-9])$/.exec(answer.trim().toUpperCase());
  if (match === null) return null;
  const number = Number(match[1]);
  if (number <= 2) return "j1850";
  if (number <= 5) return "iso";
  return number % 2 === 0 ? "can11" : "can29";
};

export const isCan = (bus: BusFormat): boolean => bus === "can11" || bus === "can29";

/** For adapters that do not know `ATDPN`: judged by the first line of an answer; null when it fits nothing. */
export const guessBusFormat = (hex: string): BusFormat | null => {
  if (hex.length % 2 === 1 && /^7E[89A-F]/.test(hex)) return "can11";
  if (hex.startsWith("18DAF1")) return "can29";
  if (hex.startsWith("416B")) return "j1850";
  // ISO 9141-2 and J1850 VPW share 48 6B; the checksum that fits decides.
  if (hex.startsWith("486B")) return checksumFits("iso", bytesOfHex(hex)) ? "iso" : "j1850";
  return /^8[1-7]F1/.test(hex) ? "iso" : null;
};

/** Pairs of digits as bytes; empty for an odd number of digits, or none. */
export const bytesOfHex = (hex: string): Uint8Array => {
  if (hex.length % 2 !== 0) return new Uint8Array(0);
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) =>
    Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16),
  );
};

/** SAE J1850 §5.4: x⁸+x⁴+x³+x²+1, preset to ones, sent inverted. */
const crc8 = (bytes: Uint8Array): number => {
  let crc = 0xff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x80 ? ((crc << 1) ^ 0x1d) & 0xff : (crc << 1) & 0xff;
  }
  return crc ^ 0xff;
};

const sum8 = (bytes: Uint8Array): number => bytes.reduce((sum, byte) => (sum + byte) % 256, 0);

/** Whether the last byte is the checksum of those before it. */
export const checksumFits = (bus: "j1850" | "iso", line: Uint8Array): boolean => {
  const body = line.subarray(0, -1);
  return line.at(-1) === (bus === "iso" ? sum8(body) : crc8(body));
};
