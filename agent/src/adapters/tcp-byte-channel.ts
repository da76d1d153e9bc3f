import { connect, type Socket } from "node:net";
import { RoadstreamError, type ByteChannel, type OpenByteChannel } from "@roadstream/shared";
import { streamChunks } from "./stream-chunks.ts";

const CONNECT_TIMEOUT_MS = 10_000;
/** A mobile router that vanished leaves no trace on the socket; keep-alive finds out. */
const KEEP_ALIVE_MS = 15_000;

/** A TCP connection. With `greeting`, these bytes are sent first. */
export const tcpChannel =
  (options: { host: string; port: number; greeting?: string }): OpenByteChannel =>
  async (signal) => {
    const name = `tcp://${options.host}:${options.port}`;
    const socket = await connected({ ...options, name }, signal);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    const channel = channelOf(socket, name);
    if (options.greeting !== undefined) await channel.write(Buffer.from(options.greeting));
    return channel;
  };

const connected = (to: { host: string; port: number; name: string }, signal: AbortSignal): Promise<Socket> =>
  new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(new RoadstreamError("aborted", `${to.name}: cancelled`));
      return;
    }
    const socket = connect({ host: to.host, port: to.port });
    const fail = (cause: unknown): void => {
      signal.removeEventListener("abort", cancel);
      socket.destroy();
      reject(new RoadstreamError("channel_lost", `${to.name}: cannot connect`, { cause }));
    };
    const cancel = (): void => fail(signal.reason);
    signal.addEventListener("abort", cancel, { once: true });
    // Stays for the socket's life: an error without a listener would end the process. The reader sees it too.
    socket.on("error", fail);
    socket.setTimeout(CONNECT_TIMEOUT_MS, () =>
      fail(new RoadstreamError("timeout", `${to.name}: no answer`)),
    );
    socket.once("connect", () => {
      socket.setTimeout(0);
      signal.removeEventListener("abort", cancel);
      resolve(socket);
    });
  });

const channelOf = (socket: Socket, name: string): ByteChannel => ({
  name,
  read: (signal) => streamChunks(socket, { name, signal, endMeans: "lost" }),
  write: (bytes) =>
    new Promise((resolve, reject) => {
      socket.write(bytes, (error) => {
        if (error === null || error === undefined) resolve();
        else reject(new RoadstreamError("channel_lost", `${name}: cannot write`, { cause: error }));
      });
    }),
  [Symbol.asyncDispose]: () =>
    new Promise((resolve) => {
      if (socket.closed) resolve();
      else socket.once("close", () => resolve()).destroy();
    }),
});
