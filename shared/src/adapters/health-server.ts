import { createServer } from "node:http";
import { RoadstreamError } from "../errors.ts";

export interface HealthServer extends AsyncDisposable {
  /** `http://host:port` */
  readonly url: string;
}

const parseListen = (listen: string): { host: string; port: number } => {
  const match = /^(\[[0-9a-fA-F:]+\]|[^:]+):(\d{1,5})$/.exec(listen);
  if (match === null) throw new RoadstreamError("usage", `--metrics-listen ${listen}: must be host:port`);
  return { host: (match[1] ?? "").replaceAll(/[[\]]/g, ""), port: Number(match[2]) };
};

/** Serves /healthz (the process runs), /readyz (it does its work; 503 otherwise) and /metrics. */
export const healthServer = async (options: {
  listen: string;
  isReady: () => boolean;
  metrics: () => Promise<string>;
}): Promise<HealthServer> => {
  const { host, port } = parseListen(options.listen);
  const server = createServer((request, response) => {
    const answer = (status: number, text: string): void => {
      response.writeHead(status, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }).end(text);
    };
    if (request.method !== "GET") return answer(405, "GET only\n");
    if (request.url === "/healthz") return answer(200, "ok\n");
    if (request.url === "/readyz")
      return options.isReady() ? answer(200, "ready\n") : answer(503, "not ready\n");
    if (request.url !== "/metrics") return answer(404, "try /healthz, /readyz or /metrics\n");
    options.metrics().then(
      (text) => answer(200, text),
      () => answer(500, "metrics failed\n"),
    );
  });
  server.headersTimeout = 5000;
  server.maxConnections = 64;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) =>
      reject(new RoadstreamError("usage", `cannot listen on ${options.listen}: ${cause.message}`, { cause })),
    );
    server.listen(port, host, resolve);
  });
  const address = server.address();
  const actual = typeof address === "object" && address !== null ? address.port : port;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${actual}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
