import { randomBytes } from "node:crypto";
import type { Random } from "../random/random.ts";

/** Numbers from the operating system's secure generator, 48 bits each. */
export const systemRandom = (): Random => {
  let pool = Buffer.alloc(0);
  let at = 0;
  return {
    next: () => {
      if (at + 6 > pool.length) {
        pool = randomBytes(1536);
        at = 0;
      }
      const value = pool.readUIntBE(at, 6);
      at += 6;
      return value / 281_474_976_710_656;
    },
  };
};
