import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What happens to one request. */
export type GlueStandInFault = "drop_before" | "drop_after" | "error_500" | "denied" | "throttled";

interface StoredGlueTable {
  readonly version: number;
  readonly input: Readonly<Record<string, unknown>>;
}

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const no = (type: string, status = 400): Answer => ({ status, body: { __type: type, message: type } });
const ok = (body: Readonly<Record<string, unknown>>): Answer => ({ status: 200, body });

const textOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
};

/**
 * The four requests of Glue that this system makes, over HTTP (awsJson1.1), with the one rule that stand-ins of others
 * leave out: an update whose VersionId is not the table's is refused.
 */
export class GlueStandIn implements AsyncDisposable {
  readonly tables = new Map<string, StoredGlueTable>();
  readonly asked: string[] = [];
  /** Fault knob: the next request of this name meets it. */
  fault: { readonly operation: string; readonly kind: GlueStandInFault; times: number } | null = null;
  readonly #database: string;
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  constructor(database: string) {
    this.#database = database;
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const operation = String(request.headers["x-amz-target"]).replace(/^AWSGlue\./, "");
    const body = JSON.parse(await textOf(request)) as Record<string, unknown>;
    this.asked.push(operation);
    const fault = this.#faultFor(operation);
    if (fault === "drop_before") return void request.socket.destroy();
    const answer = this.#answer(operation, body, fault);
    if (fault === "drop_after") return void request.socket.destroy();
    response.writeHead(answer.status, { "content-type": "application/x-amz-json-1.1" });
    response.end(JSON.stringify(answer.body));
  }

  #faultFor(operation: string): GlueStandInFault | null {
    const { fault } = this;
    if (fault === null || fault.operation !== operation || fault.times === 0) return null;
    fault.times -= 1;
    return fault.kind;
  }

  #answer(
    operation: string,
    body: Readonly<Record<string, unknown>>,
    fault: GlueStandInFault | null,
  ): Answer {
    if (fault === "error_500") return no("InternalServiceException", 500);
    if (fault === "denied") return no("AccessDeniedException");
    if (fault === "throttled") return no("ThrottlingException");
    if (operation === "GetDatabase")
      return body["Name"] === this.#database
        ? ok({ Database: { Name: this.#database } })
        : no("EntityNotFoundException");
    if (body["DatabaseName"] !== this.#database) return no("EntityNotFoundException");
    if (operation === "GetTable") return this.#get(String(body["Name"]));
    const input = body["TableInput"] as Readonly<Record<string, unknown>>;
    const name = String(input["Name"]);
    const stored = this.tables.get(name);
    if (operation === "CreateTable") {
      if (stored !== undefined) return no("AlreadyExistsException");
      this.tables.set(name, { version: 0, input });
      return ok({});
    }
    if (operation !== "UpdateTable") return no("UnknownOperationException");
    if (stored === undefined) return no("EntityNotFoundException");
    if (body["VersionId"] !== String(stored.version)) return no("ConcurrentModificationException");
    this.tables.set(name, { version: stored.version + 1, input });
    return ok({});
  }

  #get(name: string): Answer {
    const stored = this.tables.get(name);
    if (stored === undefined) return no("EntityNotFoundException");
    return ok({
      Table: {
        ...stored.input,
        DatabaseName: this.#database,
        VersionId: String(stored.version),
        CreateTime: 1_700_000_000,
      },
    });
  }
}
