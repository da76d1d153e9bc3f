import type { Readable } from "node:stream";
import { RoadstreamError } from "@roadstream/shared";

/**
 * The chunks of a Node stream under the ByteChannel contract: ends quietly when the signal fires, throws `channel_lost`
 * when the stream breaks. What the stream's own end means depends on what it is: a file has given all it has (`ended`),
 * a device or its server went away (`lost`). The stream reads no further ahead than its own buffer.
 */
export async function* streamChunks(
  stream: Readable,
  options: { name: string; signal: AbortSignal; endMeans: "ended" | "lost" },
): AsyncGenerator<Uint8Array, void, void> {
  const { name, signal, endMeans } = options;
  const stop = (): void => void stream.destroy();
  signal.addEventListener("abort", stop, { once: true });
  try {
    if (signal.aborted) return;
    for await (const chunk of stream) yield chunk as Uint8Array;
  } catch (error) {
    if (signal.aborted) return;
    throw new RoadstreamError("channel_lost", `${name}: lost`, { cause: error });
  } finally {
    signal.removeEventListener("abort", stop);
  }
  if (endMeans === "lost" && !signal.aborted)
    throw new RoadstreamError("channel_lost", `${name}: closed by the other end`);
}
