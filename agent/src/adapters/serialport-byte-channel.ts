import { errorText, RoadstreamError, type ByteChannel, type OpenByteChannel } from "@roadstream/shared";
import { SerialPort } from "serialport";
import { SERIAL_TROUBLES, serialTrouble } from "./serial-trouble.ts";
import { streamChunks } from "./stream-chunks.ts";

/** A second's worth at 115200 baud. */
const READ_BUFFER_BYTES = 16_384;

/** A serial device, 8N1 without flow control. Each call makes a new port object: a lost one does not come back to life. */
export const serialPortChannel =
  (options: { path: string; baud: number }): OpenByteChannel =>
  async (signal) => {
    const { path, baud } = options;
    signal.throwIfAborted();
    const port = new SerialPort({ path, baudRate: baud, autoOpen: false, highWaterMark: READ_BUFFER_BYTES });
    // An unplugged adapter reports through `close` and the reader; without a listener `error` would end the process.
    port.on("error", () => undefined);
    try {
      await opened(port);
    } catch (cause) {
      const trouble = await serialTrouble(path);
      const { text, hint } = SERIAL_TROUBLES[trouble];
      const more = trouble === "in_use_or_broken" ? ` (${errorText(cause)})` : "";
      throw new RoadstreamError("channel_lost", `${path}: ${text}${more}`, { cause, hint });
    }
    return channelOf(port, path);
  };

const opened = (port: SerialPort): Promise<void> =>
  new Promise((resolve, reject) => {
    port.open((error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });

const channelOf = (port: SerialPort, path: string): ByteChannel => ({
  name: path,
  read: (signal) => streamChunks(port, { name: path, signal, endMeans: "lost" }),
  write: (bytes) =>
    new Promise((resolve, reject) => {
      const failed = (cause: unknown): void =>
        reject(new RoadstreamError("channel_lost", `${path}: cannot write`, { cause }));
      port.write(bytes, (error) => {
        if (error !== null && error !== undefined) failed(error);
        else port.drain((late) => (late === null ? resolve() : failed(late)));
      });
    }),
  [Symbol.asyncDispose]: () =>
    new Promise((resolve) => {
      port.destroy();
      if (!port.isOpen) resolve();
      else port.close(() => resolve());
    }),
});
