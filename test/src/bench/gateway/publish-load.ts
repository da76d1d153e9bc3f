import { once } from "node:events";
import { connect } from "node:net";

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

/** Publishes all of a client's payloads with at most `window` unacknowledged; resolves when all are acknowledged. */
export const publishAll = async (port: number, client: LoadClient, window: number): Promise<void> => {
  const packets = client.payloads.map((_, index) => publishPacket(client, index));
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  let received = -CONNACK_BYTES;
  let sent = 0;
  const fill = (): void => {
    const upTo = Math.min(packets.length, Math.floor(received / PUBACK_BYTES) + window);
    if (upTo > sent) socket.write(Buffer.concat(packets.slice(sent, upTo)));
    sent = Math.max(sent, upTo);
  };
  await new Promise<void>((resolve, reject) => {
    socket.on("error", reject);
    socket.on("close", () =>
      reject(new Error(`${client.clientId}: closed after ${received / PUBACK_BYTES} acknowledgements`)),
    );
    socket.on("data", (chunk: Buffer) => {
      received += chunk.length;
      if (received >= 0) fill();
      if (received === packets.length * PUBACK_BYTES) resolve();
    });
    socket.write(connectPacket(client.clientId));
  });
  socket.destroy();
};
