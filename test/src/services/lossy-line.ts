import { connect, createServer, type Server, type Socket } from "node:net";

/**
 * A TCP line to a broker that can lose answers: requests arrive, the connection breaks before the response comes
 * back. Reads Kafka's frames (a 32-bit length, then api key, version and correlation id; a response repeats the
 * latter) only to know which answer belongs to which request.
 */
const PRODUCE = 0;

const frames = (onFrame: (frame: Buffer) => void): ((chunk: Buffer) => void) => {
  let held = Buffer.alloc(0);
  return (chunk) => {
    held = Buffer.concat([held, chunk]);
    while (held.length >= 4 && held.length >= 4 + held.readInt32BE(0)) {
      const length = 4 + held.readInt32BE(0);
      onFrame(held.subarray(4, length));
      held = held.subarray(length);
    }
  };
};

export interface LossyLine extends AsyncDisposable {
  /** For the event log's `dialKafka`. */
  readonly dial: (options: { host: string; port: number; onConnect: () => void }) => Socket;
  /** The next so many produce answers are lost, and their connections with them. */
  loseProduceAnswers(count: number): void;
  /** The next so many connections are reset when something is asked on them. */
  resetConnections(count: number): void;
  /** How many were lost so far. */
  readonly lost: number;
}

export const lossyLine = async (brokerPort: number): Promise<LossyLine> => {
  let toLose = 0;
  let lost = 0;
  let toReset = 0;
  const sockets = new Set<Socket>();
  const server: Server = createServer((near) => {
    if (toReset > 0) {
      toReset -= 1;
      near.once("data", () => near.resetAndDestroy());
      return;
    }
    const far = connect({ host: "127.0.0.1", port: brokerPort });
    const produceRequests = new Set<number>();
    const cut = (): void => {
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", cut);
      socket.on("close", () => {
        sockets.delete(socket);
        cut();
      });
    }
    const readRequest = frames((frame) => {
      if (frame.readInt16BE(0) === PRODUCE) produceRequests.add(frame.readInt32BE(4));
    });
    near.on("data", (chunk: Buffer) => {
      readRequest(chunk);
      far.write(chunk);
    });
    const readResponse = frames((frame) => {
      if (toLose > 0 && produceRequests.has(frame.readInt32BE(0))) {
        toLose -= 1;
        lost += 1;
        cut();
        return;
      }
      if (near.destroyed) return;
      const length = Buffer.alloc(4);
      length.writeInt32BE(frame.length);
      near.write(Buffer.concat([length, frame]));
    });
    far.on("data", readResponse);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    dial: ({ onConnect }) => connect({ host: "127.0.0.1", port }, onConnect),
    loseProduceAnswers: (count) => {
      toLose += count;
    },
    resetConnections: (count) => {
      toReset += count;
    },
    get lost() {
      return lost;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
};
