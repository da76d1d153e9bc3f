import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What happens to one request. */
export type AwsJsonFault = "drop_before" | "drop_after" | "error_500" | "denied" | "throttled";

export type AwsJsonBody = Readonly<Record<string, unknown>>;

export interface AwsJsonAnswer {
  readonly status: number;
  readonly body: AwsJsonBody;
}

export const no = (type: string, message = type, more: AwsJsonBody = {}): AwsJsonAnswer => ({
  status: 400,
  body: { __type: type, message, ...more },
});
export const ok = (body: AwsJsonBody): AwsJsonAnswer => ({ status: 200, body });

const FAULTY: Readonly<Record<"error_500" | "denied" | "throttled", AwsJsonAnswer>> = {
  error_500: { ...no("InternalServerException"), status: 500 },
  denied: no("AccessDeniedException"),
  throttled: no("ThrottlingException"),
};

const textOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
};

/** One of Amazon's services over HTTP (awsJson1.1), as far as `answer` goes. */
export abstract class AwsJsonServer implements AsyncDisposable {
  readonly asked: string[] = [];
  /** Fault knob: the next requests of this name meet it. */
  fault: { readonly operation: string; readonly kind: AwsJsonFault; times: number } | null = null;
  /** A request that arrived is carried out when this has ended. */
  gate: (operation: string, body: AwsJsonBody) => Promise<void> = () => Promise.resolve();
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  protected abstract answer(operation: string, body: AwsJsonBody): AwsJsonAnswer | Promise<AwsJsonAnswer>;

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const operation = String(request.headers["x-amz-target"]).replace(/^\w+\./, "");
    const body = JSON.parse(await textOf(request)) as AwsJsonBody;
    this.asked.push(operation);
    await this.gate(operation, body);
    const fault = this.#faultFor(operation);
    if (fault === "drop_before") return void request.socket.destroy();
    const answer =
      fault === null || fault === "drop_after" ? await this.answer(operation, body) : FAULTY[fault];
    if (fault === "drop_after") return void request.socket.destroy();
    response.writeHead(answer.status, { "content-type": "application/x-amz-json-1.1" });
    response.end(JSON.stringify(answer.body));
  }

  #faultFor(operation: string): AwsJsonFault | null {
    const { fault } = this;
    if (fault === null || fault.operation !== operation || fault.times === 0) return null;
    fault.times -= 1;
    return fault.kind;
  }
}
