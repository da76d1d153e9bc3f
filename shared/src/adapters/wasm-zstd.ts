import { ZSTDDecoder } from "zstddec";
import type { Zstd } from "../contract/payload.ts";
import { zstdContentSize } from "../contract/zstd-frame.ts";
import { nodeZstd } from "./node-zstd.ts";

/**
 * The same answers as {@link nodeZstd}, for whoever unpacks many small frames: Node makes a native context for each call,
 * which takes longer than a frame of some kilobytes. Whatever is unusual, and every refusal, is Node's.
 */
export const wasmZstd = async (): Promise<Zstd> => {
  const decoder = new ZSTDDecoder();
  await decoder.init();
  return {
    compress: (bytes) => nodeZstd.compress(bytes),
    decompress: (bytes, maxBytes) => {
      const size = zstdContentSize(bytes);
      if (size === null || size === 0) return nodeZstd.decompress(bytes, maxBytes);
      if (size > maxBytes) return "too_large";
      // A frame that is damaged or longer than it says gives something of another length.
      const content = decoder.decode(bytes, size);
      return content.length === size ? content : nodeZstd.decompress(bytes, maxBytes);
    },
  };
};
