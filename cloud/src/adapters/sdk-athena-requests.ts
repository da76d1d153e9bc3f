import {
  AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  GetWorkGroupCommand,
  StartQueryExecutionCommand,
  StopQueryExecutionCommand,
  type AthenaServiceException,
  type QueryExecution,
} from "@aws-sdk/client-athena";
import { errorText, RoadstreamError } from "@roadstream/shared";
import type {
  AthenaRequests,
  Execution,
  ResultPage,
  StatementRequest,
  Workgroup,
} from "../athena/athena-requests.ts";

/** One request; whoever asks repeats it (run-statement.ts). */
const REQUEST_LIMIT_MS = 20_000;
const SDK_ATTEMPTS = 1;
/** The most that Athena gives at once. */
const PAGE_ROWS = 1000;
/** Athena's error categories: 1 its own, 2 the user's, 3 neither. */
const USER_ERROR = 2;

const NEEDED =
  "the role needs athena:StartQueryExecution, GetQueryExecution, GetQueryResults, StopQueryExecution and GetWorkGroup on the workgroup, " +
  "glue:GetDatabase and glue:GetTable, reading of the lake, and reading and writing where the workgroup puts results (docs/athena.md)";

const isThrottled = (name: string): boolean => /Throttl|TooManyRequests/.test(name);

/** For good (permissions, a wrong request), or perhaps better later. */
const failure = (what: string, error: unknown): RoadstreamError => {
  const name = error instanceof Error ? error.name : "";
  const status = (error as Partial<AthenaServiceException>).$metadata?.httpStatusCode ?? 0;
  const text = `Athena ${what}: ${errorText(error)}`;
  const isForGood = status >= 400 && status < 500 && status !== 408 && status !== 429 && !isThrottled(name);
  if (!isForGood) return new RoadstreamError("unavailable", text, { cause: error });
  return name === "InvalidRequestException"
    ? new RoadstreamError("usage", text, { cause: error })
    : new RoadstreamError("refused", `Athena ${what}: ${name} ${errorText(error)}`, {
        cause: error,
        hint: NEEDED,
      });
};

const STATES = {
  QUEUED: "queued",
  RUNNING: "running",
  SUCCEEDED: "succeeded",
  FAILED: "failed",
  CANCELLED: "cancelled",
} as const;

const executionOf = ({
  Status: status,
  Statistics: statistics,
  StatementType: type,
}: QueryExecution): Execution => ({
  state: STATES[status?.State ?? "QUEUED"],
  reason: status?.StateChangeReason ?? status?.AthenaError?.ErrorMessage ?? "",
  isUserError: status?.AthenaError?.ErrorCategory === USER_ERROR,
  // Only what asks tables: SHOW, DESCRIBE and EXPLAIN come without one.
  hasHeaderRow: type === "DML",
  scannedBytes: statistics?.DataScannedInBytes ?? 0,
});

/** Amazon Athena through its SDK; loaded only when Athena is asked for. */
export class SdkAthenaRequests implements AthenaRequests, Disposable {
  readonly #client: AthenaClient;

  /** A region of null: as the SDK finds it. */
  constructor({ region }: { readonly region: string | null }) {
    this.#client = new AthenaClient({ maxAttempts: SDK_ATTEMPTS, ...(region === null ? {} : { region }) });
  }

  async start({ sql, token, database, workgroup }: StatementRequest): Promise<string> {
    const command = new StartQueryExecutionCommand({
      QueryString: sql,
      ClientRequestToken: token,
      QueryExecutionContext: { Catalog: "AwsDataCatalog", Database: database },
      WorkGroup: workgroup,
    });
    const { QueryExecutionId: id } = await ask("StartQueryExecution", (options) =>
      this.#client.send(command, options),
    );
    return present("StartQueryExecution", id);
  }

  async execution(id: string): Promise<Execution> {
    const command = new GetQueryExecutionCommand({ QueryExecutionId: id });
    const answer = await ask("GetQueryExecution", (options) => this.#client.send(command, options));
    return executionOf(present("GetQueryExecution", answer.QueryExecution));
  }

  async stop(id: string): Promise<void> {
    const command = new StopQueryExecutionCommand({ QueryExecutionId: id });
    await ask("StopQueryExecution", (options) => this.#client.send(command, options));
  }

  async page(id: string, token: string | null): Promise<ResultPage> {
    const command = new GetQueryResultsCommand({
      QueryExecutionId: id,
      MaxResults: PAGE_ROWS,
      ...(token === null ? {} : { NextToken: token }),
    });
    const answer = await ask("GetQueryResults", (options) => this.#client.send(command, options));
    const set = present("GetQueryResults", answer.ResultSet);
    const columns = (set.ResultSetMetadata?.ColumnInfo ?? []).map(({ Name: name, Type: type }) => ({
      name: name ?? "",
      type: type ?? "varchar",
    }));
    const rows = (set.Rows ?? []).map(({ Data: data = [] }) =>
      columns.map((_, index) => data[index]?.VarCharValue ?? null),
    );
    return { columns, rows, next: answer.NextToken ?? null };
  }

  async workgroup(name: string): Promise<Workgroup> {
    const command = new GetWorkGroupCommand({ WorkGroup: name });
    const answer = await ask("GetWorkGroup", (options) => this.#client.send(command, options));
    const limit = answer.WorkGroup?.Configuration?.BytesScannedCutoffPerQuery;
    return { name, scanLimitBytes: limit ?? null };
  }

  [Symbol.dispose](): void {
    this.#client.destroy();
  }
}

const present = <T>(what: string, value: T | undefined): T => {
  if (value === undefined)
    throw new RoadstreamError("unavailable", `Athena ${what}: its answer says nothing`);
  return value;
};

const ask = async <T>(
  what: string,
  send: (options: { readonly abortSignal: AbortSignal }) => Promise<T>,
): Promise<T> => {
  try {
    return await send({ abortSignal: AbortSignal.timeout(REQUEST_LIMIT_MS) });
  } catch (error) {
    throw failure(what, error);
  }
};
