const MAGIC = 0xfd2fb528;
/** Magic number, descriptor, window, dictionary id, content size. */
const LONGEST_HEADER = 18;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4];

/** RFC 8878 §3.1: numbers have their lowest byte first. */
const numberAt = (bytes: Uint8Array, at: number, length: number): number => {
  let value = 0;
  for (let i = at + length - 1; i >= at; i -= 1) value = value * 256 + (bytes[i] ?? 0);
  return value;
};

/** What Node's own decoder takes at most (ZSTD_WINDOWLOG_LIMIT_DEFAULT); other decoders differ beyond it. */
const MAX_WINDOW_LOG = 27;

/**
 * How long a zstd frame says its content is (RFC 8878 §3.1.1.1), at most 2^32 - 1 bytes; null when it does not say, or is
 * no such frame, or is one of a few bytes, or wants a window that not all decoders give. What it says may be wrong:
 * whoever unpacks it checks.
 */
export const zstdContentSize = (frame: Uint8Array): number | null => {
  if (frame.length < LONGEST_HEADER || numberAt(frame, 0, 4) !== MAGIC) return null;
  const descriptor = frame[4] ?? 0;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  if (!isSingleSegment && 10 + ((frame[5] ?? 0) >> 3) > MAX_WINDOW_LOG) return null;
  const at = 5 + (isSingleSegment ? 0 : 1) + (DICTIONARY_ID_BYTES[descriptor & 3] ?? 0);
  switch (descriptor >> 6) {
    case 0:
      return isSingleSegment ? numberAt(frame, at, 1) : null;
    case 1:
      return numberAt(frame, at, 2) + 256;
    case 2:
      return numberAt(frame, at, 4);
    default:
      return numberAt(frame, at + 4, 4) === 0 ? numberAt(frame, at, 4) : null;
  }
};

const SIZE_BYTES = [0, 2, 4, 8];
const BLOCK_HEADER_BYTES = 3;
const RLE_BLOCK = 1;
const RESERVED_BLOCK = 3;
const CHECKSUM_BYTES = 4;

/**
 * Whether the bytes are one frame with content of that size and nothing behind it, so that every decoder reads them
 * alike, today's and tomorrow's (RFC 8878 §3.1.1). Looks at headers only: the content is for who unpacks it.
 */
export const isSingleZstdFrame = (bytes: Uint8Array, contentSize: number): boolean => {
  if (zstdContentSize(bytes) !== contentSize) return false;
  const descriptor = bytes[4] ?? 0;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const sizeBytes = isSingleSegment && descriptor >> 6 === 0 ? 1 : (SIZE_BYTES[descriptor >> 6] ?? 0);
  let at = 5 + (isSingleSegment ? 0 : 1) + (DICTIONARY_ID_BYTES[descriptor & 3] ?? 0) + sizeBytes;
  for (let isLast = false; !isLast;) {
    const first = bytes[at];
    if (first === undefined || at + BLOCK_HEADER_BYTES > bytes.length) return false;
    const type = (first >> 1) & 3;
    const size = (first >> 3) | ((bytes[at + 1] ?? 0) << 5) | ((bytes[at + 2] ?? 0) << 13);
    if (type === RESERVED_BLOCK) return false;
    isLast = (first & 1) === 1;
    at += BLOCK_HEADER_BYTES + (type === RLE_BLOCK ? 1 : size);
  }
  if ((descriptor & 4) !== 0) at += CHECKSUM_BYTES;
  return at === bytes.length;
};
