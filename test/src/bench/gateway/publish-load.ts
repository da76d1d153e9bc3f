import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** What one client sends: the payloads of its publishes, in order. */
export interface LoadClient {
  readonly clientId: string;
  readonly topic: string;
  readonly payloads: readonly Uint8Array[];
}

const text = (value: string): Buffer => {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
};

const packet = (type: number, body: Buffer): Buffer => {
  const length: number[] = [];
  for (let rest = body.length; ; rest = Math.floor(rest / 128)) {
    length.push(rest < 128 ? rest : (rest % 128) | 0x80);
    if (rest < 128) break;
  }
  return Buffer.concat([Buffer.from([type, ...length]), body]);
};

/** MQTT 3.1.1 §3.1: clean session, keepalive 60 s. */
const connectPacket = (clientId: string): Buffer =>
  packet(0x10, Buffer.concat([text("MQTT"), Buffer.from([4, 2, 0, 60]), text(clientId)]));

/** §3.3: QoS 1. */
const publishPacket = (client: LoadClient, index: number): Buffer => {
  const id = (index % 65_535) + 1;
  const payload = client.payloads[index] ?? new Uint8Array();
  return packet(0x32, Buffer.concat([text(client.topic), Buffer.from([id >> 8, id & 0xff]), payload]));
};

const CONNACK_BYTES = 4;
const PUBACK_BYTES = 4;
/** §3.2.2.3. */
const RETURN_CODE_AT = 3;
const NOTHING = Buffer.alloc(0);

/** A client that the server has admitted, ready to publish: what a connection costs is not what a reading costs. */
export class LoadConnection implements Disposable {
  readonly #client: LoadClient;
  readonly #socket: Socket;

  private constructor(client: LoadClient, socket: Socket) {
    this.#client = client;
    this.#socket = socket;
  }

  static async open(port: number, client: LoadClient): Promise<LoadConnection> {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    await once(socket, "connect");
    // What goes wrong closes it, and that is heard where answers are waited for.
    socket.on("error", () => undefined);
    const connection = new LoadConnection(client, socket);
    const connack = await connection.#answers(CONNACK_BYTES, (received) =>
      received === 0 ? connectPacket(client.clientId) : NOTHING,
    );
    if (connack[RETURN_CODE_AT] !== 0) throw new Error(`${client.clientId}: not admitted`);
    return connection;
  }

  /** Publishes all of the client's payloads with at most `window` unacknowledged; resolves when all are acknowledged. */
  async publishAll(window: number): Promise<void> {
    const packets = this.#client.payloads.map((_, index) => publishPacket(this.#client, index));
    let sent = 0;
    await this.#answers(packets.length * PUBACK_BYTES, (received) => {
      const from = sent;
      sent = Math.max(from, Math.min(packets.length, Math.floor(received / PUBACK_BYTES) + window));
      return Buffer.concat(packets.slice(from, sent));
    });
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  /** Sends what `more` gives, at the start and after each answer, until that many bytes have come; returns the last of them. */
  async #answers(bytes: number, more: (received: number) => Buffer): Promise<Buffer> {
    const socket = this.#socket;
    let received = 0;
    const fill = (): void => {
      const next = more(received);
      if (next.length > 0) socket.write(next);
    };
    return new Promise<Buffer>((resolve, reject) => {
      const closed = (): void =>
        reject(new Error(`${this.#client.clientId}: closed after ${received} bytes of answers`));
      const heard = (chunk: Buffer): void => {
        received += chunk.length;
        if (received < bytes) return fill();
        socket.off("data", heard).off("close", closed);
        resolve(chunk);
      };
      if (socket.destroyed) return closed();
      socket.on("close", closed).on("data", heard);
      fill();
    });
  }
}
