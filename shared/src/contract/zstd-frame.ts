const MAGIC = 0xfd2fb528;
/** Magic number, descriptor, window, dictionary id, content size. */
const LONGEST_HEADER = 18;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4];

/** What Node's own decoder takes at most (ZSTD_WINDOWLOG_LIMIT_DEFAULT); other decoders differ beyond it. */
const MAX_WINDOW_LOG = 27;

/**
 * How long a zstd frame says its content is (RFC 8878 §3.1.1.1), at most 2^32 - 1 bytes; null when it does not say, or is
 * no such frame, or is one of a few bytes, or wants a window that not all decoders give. What it says may be wrong:
 * whoever unpacks it checks.
 */
export const zstdContentSize = (frame: Uint8Array): number | null => {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (frame.length < LONGEST_HEADER || view.getUint32(0, true) !== MAGIC) return null;
  const descriptor = view.getUint8(4);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  if (!isSingleSegment && 10 + (view.getUint8(5) >> 3) > MAX_WINDOW_LOG) return null;
  const at = 5 + (isSingleSegment ? 0 : 1) + (DICTIONARY_ID_BYTES[descriptor & 3] ?? 0);
  switch (descriptor >> 6) {
    case 0:
      return isSingleSegment ? view.getUint8(at) : null;
    case 1:
      return view.getUint16(at, true) + 256;
    case 2:
      return view.getUint32(at, true);
    default:
      return view.getUint32(at + 4, true) === 0 ? view.getUint32(at, true) : null;
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
