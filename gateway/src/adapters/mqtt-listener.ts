import { errorText, RoadstreamError } from "@roadstream/shared";
import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { createServer, type Server } from "node:net";
import type { Duplex } from "node:stream";
import { createServer as createTlsServer, TLSSocket, type TlsOptions } from "node:tls";
import { createWebSocketStream, WebSocketServer, type WebSocket } from "ws";
import { isTls, listenUrlText, type ListenAddress } from "../ingest/listen-url.ts";
import { CONNECT_LIMIT, MAX_CONNECTIONS, MAX_PACKET_BYTES } from "../limits.ts";

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** Clients must show a certificate of this authority. */
  readonly clientCa: string | null;
}

/** A new connection; the name in the client's verified certificate, where one was asked for. */
export type OnConnection = (stream: Duplex, certificateName: string | null) => void;

export interface MqttListener {
  readonly url: string;
  /** Accepts no more; connections go on. */
  close(): void;
}

const tlsOptions = (tls: TlsFiles): TlsOptions => ({
  cert: tls.cert,
  key: tls.key,
  minVersion: "TLSv1.2",
  handshakeTimeout: CONNECT_LIMIT,
  ...(tls.clientCa === null ? {} : { ca: tls.clientCa, requestCert: true, rejectUnauthorized: true }),
});

const certificateName = (stream: unknown): string | null => {
  if (!(stream instanceof TLSSocket) || !stream.authorized) return null;
  const name: unknown = stream.getPeerCertificate().subject?.CN;
  return typeof name === "string" ? name : null;
};

/** MQTT over WebSocket: binary frames of the subprotocol `mqtt` (MQTT 3.1.1 §6). */
const serveWebSockets = (server: HttpServer, onConnection: OnConnection): void => {
  const sockets = new WebSocketServer({
    server,
    maxPayload: MAX_PACKET_BYTES,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has("mqtt") ? "mqtt" : false),
  });
  // The listener itself tells of its errors.
  sockets.on("error", () => undefined);
  sockets.on("connection", (socket: WebSocket, request) => {
    onConnection(createWebSocketStream(socket), certificateName(request.socket));
  });
};

const makeServer = (
  address: ListenAddress,
  tls: TlsFiles | null,
  onConnection: OnConnection,
): Server | HttpServer => {
  const secure = isTls(address) && tls !== null ? tlsOptions(tls) : null;
  const take = (stream: Duplex): void => onConnection(stream, certificateName(stream));
  if (address.scheme === "mqtt") return createServer({ noDelay: true }, take);
  if (address.scheme === "mqtts") return createTlsServer(secure ?? {}, take);
  const refuse = { maxHeaderSize: 8192 };
  const server = secure === null ? createHttpServer(refuse) : createHttpsServer({ ...refuse, ...secure });
  serveWebSockets(server, onConnection);
  return server;
};

/** Listens for MQTT over TCP, TLS or WebSocket. Throws `usage` when it cannot. */
export const listenForMqtt = async (options: {
  address: ListenAddress;
  tls: TlsFiles | null;
  onConnection: OnConnection;
}): Promise<MqttListener> => {
  const { address, tls, onConnection } = options;
  const cannot = (cause: unknown): RoadstreamError =>
    new RoadstreamError("usage", `cannot listen on ${listenUrlText(address)}: ${errorText(cause)}`, {
      cause,
    });
  let server: Server | HttpServer;
  try {
    server = makeServer(address, tls, onConnection);
  } catch (error) {
    throw cannot(error);
  }
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(cannot(error)));
    server.listen(address.port, address.host, resolve);
  });
  // Out of file descriptors and the like: the connection is lost, the listener goes on.
  server.on("error", () => undefined);
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : address.port;
  return { url: listenUrlText({ ...address, port }), close: () => void server.close() };
};
