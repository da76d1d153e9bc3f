import { RoadstreamError } from "@roadstream/shared";
import type { OpenedLake } from "../adapters/open-lake.ts";
import { AthenaLake, type AthenaRows } from "./athena-lake.ts";
import { AwsJsonServer, no, ok, type AwsJsonAnswer, type AwsJsonBody } from "./aws-json-server.ts";

type State = "QUEUED" | "RUNNING" | "SUCCEEDED" | "FAILED" | "CANCELLED";

interface StoredExecution {
  readonly sql: string;
  readonly workgroup: string;
  state: State;
  reason: string;
  result: AthenaRows | null;
  readonly done: Promise<void>;
}

/** Results are given in pages of this many at most. */
const MAX_RESULTS = 1000;
const MIN_TOKEN = 32;
const wrong = (message: string, code = "INVALID_INPUT"): AwsJsonAnswer =>
  no("InvalidRequestException", message, { AthenaErrorCode: code, Message: message });

/**
 * Amazon Athena's protocol over HTTP, its statements run by DuckDB over a lake: QUEUED, RUNNING, then how it ended;
 * a client's token starts one execution; pages; a workgroup's limit of bytes.
 */
export class AthenaStandIn extends AwsJsonServer {
  /** What each workgroup lets a query scan; null: anything. */
  readonly workgroups = new Map<string, number | null>([["roadstream", 1024 * 1024 * 1024]]);
  readonly lake: AthenaLake;
  readonly executions = new Map<string, StoredExecution>();
  /** Fault knob: statements go on until they are stopped. */
  isHeld = false;
  readonly #database: string;
  readonly #tokens = new Map<string, string>();

  constructor(database: string, lake: OpenedLake) {
    super();
    this.#database = database;
    this.lake = new AthenaLake(lake);
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    await this.lake[Symbol.asyncDispose]();
  }

  protected answer(operation: string, body: AwsJsonBody): AwsJsonAnswer | Promise<AwsJsonAnswer> {
    if (operation === "GetWorkGroup") return this.#workgroup(String(body["WorkGroup"]));
    if (operation === "StartQueryExecution") return this.#start(body);
    const id = String(body["QueryExecutionId"]);
    const execution = this.executions.get(id);
    if (execution === undefined) return wrong(`QueryExecution ${id} was not found`);
    if (operation === "GetQueryExecution") return this.#look(id, execution);
    if (operation === "GetQueryResults") return page(execution, body);
    if (operation !== "StopQueryExecution") return no("UnknownOperationException");
    if (execution.state === "QUEUED" || execution.state === "RUNNING") execution.state = "CANCELLED";
    return ok({});
  }

  #workgroup(name: string): AwsJsonAnswer {
    const limit = this.workgroups.get(name);
    if (limit === undefined) return wrong(`WorkGroup ${name} is not found.`);
    const configuration = {
      EnforceWorkGroupConfiguration: true,
      ...(limit === null ? {} : { BytesScannedCutoffPerQuery: limit }),
    };
    return ok({ WorkGroup: { Name: name, State: "ENABLED", Configuration: configuration } });
  }

  async #start(body: AwsJsonBody): Promise<AwsJsonAnswer> {
    const sql = String(body["QueryString"]);
    const token = String(body["ClientRequestToken"]);
    const workgroup = String(body["WorkGroup"]);
    const { Database: database } = body["QueryExecutionContext"] as { readonly Database?: string };
    if (token.length < MIN_TOKEN) return wrong("clientRequestToken is too short");
    if (!this.workgroups.has(workgroup)) return wrong(`WorkGroup ${workgroup} is not found.`);
    const before = this.#tokens.get(token);
    if (before !== undefined) {
      if (this.executions.get(before)?.sql !== sql) return wrong("Idempotent parameters do not match");
      return ok({ QueryExecutionId: before });
    }
    const id = `execution-${this.executions.size + 1}`;
    this.#tokens.set(token, id);
    const misspelt = await this.lake.misspelling(sql);
    if (misspelt !== null) {
      this.#tokens.delete(token);
      return wrong(`line 1:1: ${misspelt}`, "MALFORMED_QUERY");
    }
    const work = database === this.#database ? this.lake.run(sql) : Promise.reject(unknownDatabase(database));
    const execution: StoredExecution = {
      sql,
      workgroup,
      state: "QUEUED",
      reason: "",
      result: null,
      done: work.then(
        (result) => void (execution.result = result),
        (error: Error) => void (execution.reason = error.message),
      ),
    };
    this.executions.set(id, execution);
    return ok({ QueryExecutionId: id });
  }

  /** Each look finds the execution one state further. */
  async #look(id: string, execution: StoredExecution): Promise<AwsJsonAnswer> {
    const answer = (): AwsJsonAnswer => ok({ QueryExecution: described(id, execution) });
    const { state } = execution;
    if (state === "QUEUED") {
      const before = answer();
      execution.state = "RUNNING";
      return before;
    }
    if (state === "RUNNING" && !this.isHeld) {
      await execution.done;
      this.#end(execution);
    }
    return answer();
  }

  #end(execution: StoredExecution): void {
    const limit = this.workgroups.get(execution.workgroup) ?? Infinity;
    if (execution.result === null) {
      execution.state = "FAILED";
    } else if (execution.result.scannedBytes > limit) {
      execution.state = "CANCELLED";
      execution.reason = "Bytes scanned limit was exceeded";
    } else execution.state = "SUCCEEDED";
  }
}

const unknownDatabase = (database: string | undefined): RoadstreamError =>
  new RoadstreamError("usage", `SCHEMA_NOT_FOUND: Schema '${database}' does not exist`);

const described = (id: string, { sql, state, reason, result }: StoredExecution): AwsJsonBody => ({
  QueryExecutionId: id,
  StatementType: /^\s*create/i.test(sql)
    ? "DDL"
    : /^\s*(?:show|describe|explain)/i.test(sql)
      ? "UTILITY"
      : "DML",
  Status: {
    State: state,
    ...(reason === "" ? {} : { StateChangeReason: reason }),
    ...(state === "FAILED" ? { AthenaError: { ErrorCategory: 2, ErrorType: 1006, Retryable: false } } : {}),
  },
  Statistics:
    state === "SUCCEEDED" || state === "CANCELLED" ? { DataScannedInBytes: result?.scannedBytes } : {},
});

const page = ({ sql, state, result }: StoredExecution, body: AwsJsonBody): AwsJsonAnswer => {
  if (state !== "SUCCEEDED" || result === null)
    return wrong(`Query has not yet finished. Current state: ${state}`);
  const size = Number(body["MaxResults"] ?? MAX_RESULTS);
  if (size > MAX_RESULTS) return wrong("MaxResults is more than maximum allowed length 1000.");
  const from = Number(body["NextToken"] ?? 0);
  const hasHeader = /^\s*(?:\(|select|with|values)/i.test(sql);
  const all = hasHeader ? [result.columns.map(({ name }) => name), ...result.rows] : result.rows;
  const rows = all.slice(from, from + size);
  return ok({
    ResultSet: {
      Rows: rows.map((row) => ({
        Data: row.map((text) => (text === null ? {} : { VarCharValue: text })),
      })),
      ResultSetMetadata: {
        ColumnInfo: result.columns.map(({ name, type }) => ({ Name: name, Label: name, Type: type })),
      },
    },
    ...(from + size < all.length ? { NextToken: String(from + size) } : {}),
  });
};
