import { accessSync, constants, createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { errorText, RoadstreamError, type OpenByteChannel } from "@roadstream/shared";
import { streamChunks } from "./stream-chunks.ts";

const CHUNK_BYTES = 65_536;

/** Throws `usage` for a capture that cannot be read: said before anything is started. */
export const checkCapture = (path: string): void => {
  try {
    accessSync(path, constants.R_OK);
  } catch (error) {
    throw new RoadstreamError("usage", `--gps: cannot read the capture: ${errorText(error)}`, {
      cause: error,
    });
  }
};

/** A capture, read as fast as it is asked for; ends at its end. */
export const fileChannel =
  (options: { path: string }): OpenByteChannel =>
  async () => {
    const { path } = options;
    const file = await open(path, "r").catch((error: unknown) => {
      throw new RoadstreamError("usage", `${path}: cannot read`, { cause: error });
    });
    const stream = createReadStream(path, { fd: file, highWaterMark: CHUNK_BYTES });
    stream.on("error", () => undefined);
    return {
      name: path,
      read: (signal) => streamChunks(stream, { name: path, signal, endMeans: "ended" }),
      write: () => Promise.reject(new RoadstreamError("refused", `${path}: a capture takes no bytes`)),
      [Symbol.asyncDispose]: async () => {
        stream.destroy();
        await file.close().catch(() => undefined);
      },
    };
  };
