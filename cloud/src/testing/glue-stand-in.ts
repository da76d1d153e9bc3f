import { AwsJsonServer, no, ok, type AwsJsonAnswer, type AwsJsonBody } from "./aws-json-server.ts";

interface StoredGlueTable {
  readonly version: number;
  readonly input: AwsJsonBody;
}

/**
 * The four requests of Glue that this system makes, and Iceberg's own Glue catalog, over HTTP, with the one rule that stand-ins of others leave out: an
 * update whose VersionId is not the table's is refused.
 */
export class GlueStandIn extends AwsJsonServer {
  readonly tables = new Map<string, StoredGlueTable>();
  /** Updates that were refused because another one had been there first. */
  overtaken = 0;
  readonly #database: string;

  constructor(database: string) {
    super();
    this.#database = database;
  }

  protected answer(operation: string, body: AwsJsonBody): AwsJsonAnswer {
    if (operation === "GetDatabase")
      return body["Name"] === this.#database
        ? ok({ Database: { Name: this.#database } })
        : no("EntityNotFoundException");
    if (body["DatabaseName"] !== this.#database) return no("EntityNotFoundException");
    if (operation === "GetTable") return this.#get(String(body["Name"]));
    const input = body["TableInput"] as AwsJsonBody;
    const name = String(input["Name"]);
    const stored = this.tables.get(name);
    if (operation === "CreateTable") {
      if (stored !== undefined) return no("AlreadyExistsException");
      this.tables.set(name, { version: 0, input });
      return ok({});
    }
    if (operation !== "UpdateTable") return no("UnknownOperationException");
    if (stored === undefined) return no("EntityNotFoundException");
    if (body["VersionId"] !== String(stored.version)) {
      this.overtaken += 1;
      return no("ConcurrentModificationException");
    }
    this.tables.set(name, { version: stored.version + 1, input });
    return ok({});
  }

  #get(name: string): AwsJsonAnswer {
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
