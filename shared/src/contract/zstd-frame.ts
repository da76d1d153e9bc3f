const MAGIC = 0xfd2fb528;
/** Magic number, descriptor, window, dictionary id, content size. */
const LONGEST_HEADER = 18;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4];

/**
 * How long a zstd frame says its content is (RFC 8878 §3.1.1.1), at most 2^32 - 1 bytes; null when it does not say, or is
 * no such frame, or is one of a few bytes. What it says may be wrong: whoever unpacks it checks.
 */
export const zstdContentSize = (frame: Uint8Array): number | null => {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (frame.length < LONGEST_HEADER || view.getUint32(0, true) !== MAGIC) return null;
  const descriptor = view.getUint8(4);
  const isSingleSegment = (descriptor & 0x20) !== 0;
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
