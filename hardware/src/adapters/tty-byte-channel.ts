import { constants, openSync } from "node:fs";
import { ReadStream, WriteStream } from "node:tty";
import { RoadstreamError, type ByteChannel, type OpenByteChannel } from "@roadstream/shared";

/** Each stream closes a descriptor of its own. */
const descriptor = (path: string): number => openSync(path, constants.O_RDWR | constants.O_NOCTTY);

const openStreams = (path: string): { input: ReadStream; output: WriteStream } => {
  try {
    const input = new ReadStream(descriptor(path));
    input.setRawMode(true);
    return { input, output: new WriteStream(descriptor(path)) };
  } catch (error) {
    throw new RoadstreamError("channel_lost", `cannot open ${path} as a terminal`, { cause: error });
  }
};

/**
 * One end of a pseudo-terminal pair, or a serial line, raw. Opened as a terminal and not as a file: a blocking read of a
 * file would hold a thread that nothing can stop.
 */
export const ttyChannel =
  (path: string): OpenByteChannel =>
  async () =>
    openTty(path);

const openTty = (path: string): ByteChannel => {
  const { input, output } = openStreams(path);
  const lost = (cause: unknown): RoadstreamError =>
    new RoadstreamError("channel_lost", `${path} was lost`, { cause });
  // The failure of a write is told by its callback; without a listener it would end the process as well.
  output.on("error", () => undefined);
  return {
    name: path,
    async *read(signal) {
      const stop = (): void => void input.destroy();
      signal.addEventListener("abort", stop, { once: true });
      try {
        for await (const chunk of input) yield chunk as Uint8Array;
      } catch (error) {
        if (!signal.aborted) throw lost(error);
      } finally {
        signal.removeEventListener("abort", stop);
      }
    },
    write: (bytes) =>
      new Promise((resolve, reject) => {
        output.write(bytes, (error) => {
          if (error === null || error === undefined) resolve();
          else reject(lost(error));
        });
      }),
    [Symbol.asyncDispose]: () => {
      input.destroy();
      output.destroy();
      return Promise.resolve();
    },
  };
};
