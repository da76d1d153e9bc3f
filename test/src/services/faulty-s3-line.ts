import {
  createServer,
  request as send,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { buffer } from "node:stream/consumers";

/** A request as it came by. */
export interface S3LineRequest {
  readonly method: string;
  /** Without the bucket. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What happens to one request. */
export type S3LineFault =
  /** It does not arrive; the connection breaks. */
  | "lost_request"
  /** It is carried out; the connection breaks before its answer. */
  | "lost_answer"
  /** The connection breaks; it is carried out when {@link FaultyS3Line.deliverLate} says so. */
  | "late"
  /** It is carried out, and nothing ever comes back on a connection that stays. */
  | "silence"
  /** Half of the answer's body comes, then the connection breaks. */
  | "cut"
  /** One byte of the answer's body is another. */
  | "spoiled"
  /** It arrives with one byte of its body another; the server's answer comes back. */
  | "spoiled_request"
  /** It does not arrive; the line answers in S3's place: an error, unless `body` says something else. */
  | { readonly status: number; readonly code: string; readonly body?: string };

export interface FaultyS3Line extends AsyncDisposable {
  readonly port: number;
  /** Decides on each request; null lets it through. */
  fault: (request: S3LineRequest) => S3LineFault | null;
  /** The first so many of these requests meet the faults, one each. */
  meet(which: (request: S3LineRequest) => boolean, ...faults: readonly S3LineFault[]): void;
  /** All requests so far, those that were lost, too. */
  readonly requests: S3LineRequest[];
  /** Carries out one request that was delayed; false when there is none. */
  deliverLate(): Promise<boolean>;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const forward = (port: number, message: IncomingMessage, body: Buffer): Promise<Answer> =>
  new Promise((resolve, reject) => {
    // The signature holds for the host that the client knows, so its headers stay; the body is here already.
    const { expect: _, ...headers } = message.headers;
    const options = { host: "127.0.0.1", port, method: message.method, path: message.url, headers };
    const onward = send(options, (response) => {
      buffer(response).then(
        (content) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: content }),
        reject,
      );
    });
    onward.on("error", reject);
    onward.end(body);
  });

const spoiled = (body: Buffer): Buffer => {
  const copy = Buffer.from(body);
  copy[0] = (copy[0] ?? 0) ^ 1;
  return copy;
};

const answerWith = (response: ServerResponse, answer: Answer, fault: S3LineFault | null): void => {
  response.writeHead(answer.status, answer.headers);
  if (fault === "cut") {
    response.write(answer.body.subarray(0, Math.ceil(answer.body.length / 2)), () => response.destroy());
    return;
  }
  response.end(fault === "spoiled" ? spoiled(answer.body) : answer.body);
};

const errorBody = (code: string): string =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>said the line</Message></Error>`;

const answerAsS3 = (response: ServerResponse, status: number, body: string): void => {
  response.writeHead(status, { "content-type": "application/xml", "content-length": body.length });
  response.end(body);
};

/** An HTTP line to an S3 server that loses, delays, repeats and spoils what passes, as told. */
export const faultyS3Line = async (serverPort: number, bucket: string): Promise<FaultyS3Line> => {
  const late: (() => Promise<unknown>)[] = [];
  const handle = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(message.url ?? "/", "http://line");
    const body = await buffer(message);
    const request = {
      method: message.method ?? "",
      key: decodeURIComponent(url.pathname).slice(bucket.length + 2),
      query: url.searchParams,
      headers: message.headers,
      body,
    };
    line.requests.push(request);
    const fault = line.fault(request);
    if (typeof fault === "object" && fault !== null) {
      answerAsS3(response, fault.status, fault.body ?? errorBody(fault.code));
      return;
    }
    if (fault === "late") late.push(() => forward(serverPort, message, body));
    if (fault === "late" || fault === "lost_request") {
      response.destroy();
      return;
    }
    const answer = await forward(serverPort, message, fault === "spoiled_request" ? spoiled(body) : body);
    if (fault === "lost_answer") response.destroy();
    else if (fault !== "silence") answerWith(response, answer, fault);
  };
  const server = createServer((message, response) => {
    handle(message, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const line: FaultyS3Line = {
    port: typeof address === "object" && address !== null ? address.port : 0,
    fault: () => null,
    meet: (which, ...faults) => {
      const left = [...faults];
      line.fault = (request) => (which(request) ? (left.shift() ?? null) : null);
    },
    requests: [],
    deliverLate: async () => {
      const request = late.shift();
      await request?.();
      return request !== undefined;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return line;
};
