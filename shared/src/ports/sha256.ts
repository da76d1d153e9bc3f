/** Lower-case hexadecimal of the SHA-256 (FIPS 180-4) over all parts, one after the other. */
export type Sha256 = (...parts: readonly (string | Uint8Array)[]) => string;
