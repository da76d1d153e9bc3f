import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { callsOf, serviceOf, type AwsRequest, type CallsOptions } from "./calls-of-request.ts";
import { judgeCall, type Call } from "./judge-call.ts";
import type { PolicyDocument } from "./templates.ts";

/** Who holds an access key. */
export interface Holder {
  readonly role: string;
  readonly policy: PolicyDocument;
  readonly userId: string;
}

export interface SeenCall extends Call {
  readonly role: string;
  readonly isAllowed: boolean;
}

export interface GatekeeperOptions extends Omit<CallsOptions, "userId"> {
  /** The server behind it, by the service that a request is signed for. */
  readonly upstream: (service: string) => string;
}

const bodyOf = async (message: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

/**
 * IAM in front of a server that plays AWS: each request is judged under the policy of who signed it, action by action and
 * resource by resource, with its conditions. moto judges too, but knows no conditions, and resources of S3's objects only.
 */
export class Gatekeeper implements AsyncDisposable {
  readonly seen: SeenCall[] = [];
  readonly holders = new Map<string, Holder>();
  readonly #options: GatekeeperOptions;
  readonly #server = createServer((message, answer) => void this.#serve(message, answer));

  private constructor(options: GatekeeperOptions) {
    this.#options = options;
  }

  static async open(options: GatekeeperOptions): Promise<Gatekeeper> {
    const gatekeeper = new Gatekeeper(options);
    gatekeeper.#server.listen(0, "127.0.0.1");
    await once(gatekeeper.#server, "listening");
    return gatekeeper;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => void this.#server.close(() => resolve()));
  }

  async #serve(message: IncomingMessage, answer: ServerResponse): Promise<void> {
    try {
      const body = await bodyOf(message);
      const request: AwsRequest = {
        method: message.method ?? "",
        path: message.url ?? "",
        headers: message.headers as AwsRequest["headers"],
        body: body.toString("latin1"),
      };
      const refused = this.#refused(request);
      if (refused === null) await this.#forward(message, body, answer);
      else refuse(request, refused, answer);
    } catch (error) {
      answer.statusCode = 500;
      answer.end(String(error));
    }
  }

  /** The first call of the request that its signer may not make; null when it may make all of them. */
  #refused(request: AwsRequest): Call | null {
    const accessKey = /Credential=([^/]+)\//.exec(request.headers["authorization"] ?? "")?.[1] ?? "";
    const holder = this.holders.get(accessKey);
    if (holder === undefined) throw new Error(`nobody holds ${accessKey}`);
    const calls = callsOf(request, { ...this.#options, userId: holder.userId }).map((call) => ({
      ...call,
      role: holder.role,
      isAllowed: judgeCall(holder.policy, call) === "allowed",
    }));
    this.seen.push(...calls);
    return calls.find(({ isAllowed }) => !isAllowed) ?? null;
  }

  async #forward(message: IncomingMessage, body: Buffer, answer: ServerResponse): Promise<void> {
    const service = serviceOf({
      method: "",
      path: "",
      headers: message.headers as AwsRequest["headers"],
      body: "",
    });
    // The host that was signed stays: whoever is behind checks the signature.
    const onward = httpRequest(new URL(message.url ?? "", this.#options.upstream(service)), {
      method: message.method,
      headers: message.headers,
      setHost: false,
    });
    onward.end(body);
    const [reply] = (await once(onward, "response")) as [IncomingMessage];
    answer.writeHead(reply.statusCode ?? 500, reply.headers);
    answer.end(await bodyOf(reply));
  }
}

const refuse = (request: AwsRequest, call: Call, answer: ServerResponse): void => {
  const text = `not authorized to perform ${call.action} on ${call.resource}`;
  if (serviceOf(request) === "s3") {
    answer.writeHead(403, { "content-type": "application/xml" });
    answer.end(
      request.method === "HEAD" ? "" : `<Error><Code>AccessDenied</Code><Message>${text}</Message></Error>`,
    );
    return;
  }
  answer.writeHead(400, { "content-type": "application/x-amz-json-1.1" });
  answer.end(JSON.stringify({ __type: "AccessDeniedException", message: text }));
};
