import { createHash } from "node:crypto";
import type { Sha256 } from "../ports.ts";

/** SHA-256 (FIPS 180-4) as Node brings it. */
export const nodeSha256: Sha256 = {
  hex: (parts) => {
    const hash = createHash("sha256");
    for (const part of parts) hash.update(part);
    return hash.digest("hex");
  },
};
