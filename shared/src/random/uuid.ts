import type { UnixMillis } from "../time/time.ts";
import type { Random } from "./random.ts";

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");
const randomHex = (random: Random, digits: number): string => {
  let out = "";
  while (out.length < digits) out += hex(Math.floor(random.next() * 0x10000), 4);
  return out.slice(0, digits);
};

/** A UUID version 7 (RFC 9562 §5.7): 48 bits of Unix milliseconds, then 74 random bits. */
export const uuidV7 = (at: UnixMillis, random: Random): string => {
  const time = hex(at, 12);
  const variant = hex(0x8 | Math.floor(random.next() * 4), 1);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomHex(random, 3)}-${variant}${randomHex(random, 3)}-${randomHex(random, 12)}`;
};
