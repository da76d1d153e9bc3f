/**
 * The partition of a key: murmur2 over its UTF-8 bytes, as Kafka's own default partitioner computes it, so that any
 * Kafka client that keys by vehicle id agrees with us. A vehicle id is ASCII by contract; other keys are encoded.
 */
const SEED = 0x9747b28c;
const M = 0x5bd1e995;
const encoder = new TextEncoder();

const murmur2 = (bytes: Uint8Array): number => {
  const length = bytes.length;
  let h = SEED ^ length;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    let k =
      (bytes[at] ?? 0) |
      ((bytes[at + 1] ?? 0) << 8) |
      ((bytes[at + 2] ?? 0) << 16) |
      ((bytes[at + 3] ?? 0) << 24);
    k = Math.imul(k, M);
    k ^= k >>> 24;
    k = Math.imul(k, M);
    h = Math.imul(h, M) ^ k;
  }
  const rest = length - at;
  if (rest >= 3) h ^= (bytes[at + 2] ?? 0) << 16;
  if (rest >= 2) h ^= (bytes[at + 1] ?? 0) << 8;
  if (rest >= 1) h = Math.imul(h ^ (bytes[at] ?? 0), M);
  h ^= h >>> 13;
  h = Math.imul(h, M);
  return h ^ (h >>> 15);
};

/** For the bytes of an ASCII key of usual length: to have it encoded costs more than its hash. */
const scratch = new Uint8Array(64);

const bytesOf = (key: string): Uint8Array => {
  if (key.length > scratch.length) return encoder.encode(key);
  for (let i = 0; i < key.length; i += 1) {
    const unit = key.charCodeAt(i);
    if (unit > 0x7f) return encoder.encode(key);
    scratch[i] = unit;
  }
  return scratch.subarray(0, key.length);
};

export const partitionOf = (key: string, partitions: number): number =>
  (murmur2(bytesOf(key)) & 0x7fffffff) % partitions;
