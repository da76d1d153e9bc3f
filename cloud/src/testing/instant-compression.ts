import { deflateRawSync, inflateRawSync } from "node:zlib";

const inOneGo = (change: (bytes: Uint8Array) => Uint8Array): TransformStream<Uint8Array, Uint8Array> => {
  const parts: Uint8Array[] = [];
  return new TransformStream({
    transform: (chunk) => void parts.push(chunk),
    flush: (out) => out.enqueue(new Uint8Array(change(Buffer.concat(parts)))),
  });
};

/**
 * Until it is disposed of, raw deflate does its work at once and not in threads, which know nothing of virtual time: with
 * them two runs of one seed would differ.
 */
export const instantCompression = (): Disposable => {
  const { CompressionStream, DecompressionStream } = globalThis;
  // A constructor that returns an object gives that object.
  const stands = (change: (bytes: Uint8Array) => Uint8Array): unknown =>
    function (): TransformStream<Uint8Array, Uint8Array> {
      return inOneGo(change);
    };
  Object.assign(globalThis, {
    CompressionStream: stands((bytes) => deflateRawSync(bytes)),
    DecompressionStream: stands((bytes) => inflateRawSync(bytes)),
  });
  return {
    [Symbol.dispose]: () => void Object.assign(globalThis, { CompressionStream, DecompressionStream }),
  };
};
