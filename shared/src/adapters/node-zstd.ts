import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { Zstd } from "../contract/payload.ts";

const LEVEL = { params: { [constants.ZSTD_c_compressionLevel]: 3 } };

const isTooLarge = (error: unknown): boolean =>
  error instanceof RangeError || (error as { code?: string }).code === "ERR_BUFFER_TOO_LARGE";

/** zstd (RFC 8878) as Node brings it. */
export const nodeZstd: Zstd = {
  compress: (bytes) => zstdCompressSync(bytes, LEVEL),
  decompress: (bytes, maxBytes) => {
    try {
      return zstdDecompressSync(bytes, { maxOutputLength: maxBytes });
    } catch (error) {
      return isTooLarge(error) ? "too_large" : null;
    }
  },
};
