import { decompress, isLoaded } from "@foxglove/wasm-zstd";
import type { Zstd } from "../contract/payload.ts";
import { zstdContentSize } from "../contract/zstd-frame.ts";
import { nodeZstd } from "./node-zstd.ts";

/** The content, at most `size` bytes; null where the frame is damaged or has more. */
const unpack = (frame: Uint8Array, size: number): Uint8Array | null => {
  try {
    return decompress(frame, size);
  } catch {
    return null;
  }
};

/**
 * The same answers as {@link nodeZstd}, for whoever unpacks many small frames: Node makes a native context for each call,
 * which takes longer than a frame of some kilobytes. Whatever is unusual, and every refusal, is Node's.
 */
export const wasmZstd = async (): Promise<Zstd> => {
  await isLoaded;
  return {
    compress: (bytes) => nodeZstd.compress(bytes),
    decompress: (bytes, maxBytes) => {
      const size = zstdContentSize(bytes);
      if (size === null || size === 0) return nodeZstd.decompress(bytes, maxBytes);
      if (size > maxBytes) return "too_large";
      const content = unpack(bytes, size);
      return content?.length === size ? content : nodeZstd.decompress(bytes, maxBytes);
    },
  };
};
