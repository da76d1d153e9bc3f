import { RoadstreamError } from "@roadstream/shared";

export interface ListenAddress {
  readonly scheme: "mqtt" | "mqtts" | "ws" | "wss";
  readonly host: string;
  readonly port: number;
}

const DEFAULT_PORTS = { mqtt: 1883, mqtts: 8883, ws: 8080, wss: 8443 } as const;
const SPELLING = /^(mqtts?|wss?):\/\/(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::(\d{1,5}))?\/?$/;

export const isTls = (address: ListenAddress): boolean =>
  address.scheme === "mqtts" || address.scheme === "wss";

/** True where only this machine can connect. */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);

/** Throws `usage` for anything but `mqtt|mqtts|ws|wss://host[:port]`. */
export const parseListenUrl = (text: string): ListenAddress => {
  const match = SPELLING.exec(text);
  const scheme = match?.[1] as ListenAddress["scheme"] | undefined;
  const port = match?.[3] === undefined ? null : Number(match[3]);
  if (scheme === undefined || (port !== null && port > 65_535)) {
    throw new RoadstreamError("usage", "--listen: not a URL to listen on", {
      hint: "mqtt://127.0.0.1:1883, mqtts://0.0.0.0:8883, ws://127.0.0.1:8080",
    });
  }
  return { scheme, host: (match?.[2] ?? "").replaceAll(/[[\]]/g, ""), port: port ?? DEFAULT_PORTS[scheme] };
};

export const listenUrlText = (address: ListenAddress): string => {
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  return `${address.scheme}://${host}:${address.port}`;
};
