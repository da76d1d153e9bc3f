import {
  BatchExecuteStatementCommand,
  CancelStatementCommand,
  DescribeStatementCommand,
  GetStatementResultCommand,
  RedshiftDataClient,
  type DescribeStatementCommandOutput,
  type Field,
  type RedshiftDataServiceException,
} from "@aws-sdk/client-redshift-data";
import { errorText, RoadstreamError } from "@roadstream/shared";
import type { RedshiftSettings } from "../redshift/redshift-url.ts";
import type {
  BatchState,
  RedshiftBatch,
  RedshiftPage,
  RedshiftRequests,
} from "../redshift/redshift-requests.ts";

/** One request; whoever asks repeats it (run-batch.ts). */
const REQUEST_LIMIT_MS = 20_000;
const SDK_ATTEMPTS = 1;
/** How Redshift lists the load among its statements. */
const STATEMENT_NAME = "roadstream";

const NEEDED =
  "the role needs redshift-data:BatchExecuteStatement, DescribeStatement, GetStatementResult and CancelStatement, " +
  "and redshift-serverless:GetCredentials on the workgroup, or redshift:GetClusterCredentialsWithIAM (docs/redshift.md)";

/** Client faults that pass: quotas of requests and of statements at a time. */
const isCrowded = (name: string): boolean => /Throttl|TooManyRequests|Exceeded/.test(name);

/** For good (permissions, a wrong request), or perhaps better later. */
const failure = (what: string, error: unknown): RoadstreamError => {
  const name = error instanceof Error ? error.name : "";
  const status = (error as Partial<RedshiftDataServiceException>).$metadata?.httpStatusCode ?? 0;
  const text = `Redshift ${what}: ${name} ${errorText(error)}`;
  const isForGood = status >= 400 && status < 500 && status !== 408 && status !== 429 && !isCrowded(name);
  if (!isForGood) return new RoadstreamError("unavailable", text, { cause: error });
  return name === "ValidationException"
    ? new RoadstreamError("usage", text, { cause: error })
    : new RoadstreamError("refused", text, { cause: error, hint: NEEDED });
};

const STATES = {
  SUBMITTED: "running",
  PICKED: "running",
  STARTED: "running",
  FINISHED: "finished",
  FAILED: "failed",
  ABORTED: "aborted",
  ALL: "running",
} as const;

/** A batch says what failed with the statement that did. */
const stateOf = (answer: DescribeStatementCommandOutput): BatchState => {
  const subs = answer.SubStatements ?? [];
  const failed = subs.find(({ Status: status }) => status === "FAILED");
  return {
    state: STATES[answer.Status ?? "SUBMITTED"],
    reason: failed?.Error ?? answer.Error ?? "",
    statements: subs.map(({ Id: id }) => id ?? ""),
  };
};

const textOf = (field: Field): string | null => {
  if (field.isNull === true) return null;
  const value = field.stringValue ?? field.longValue ?? field.doubleValue ?? field.booleanValue;
  return value === undefined ? null : String(value);
};

type Send<T> = (options: { readonly abortSignal: AbortSignal }) => Promise<T>;

const ask = async <T>(what: string, send: Send<T>): Promise<T> => {
  try {
    return await send({ abortSignal: AbortSignal.timeout(REQUEST_LIMIT_MS) });
  } catch (error) {
    throw failure(what, error);
  }
};

/** The Redshift Data API through Amazon's SDK; loaded only for a warehouse that is one. */
export class SdkRedshiftRequests implements RedshiftRequests, Disposable {
  readonly #client: RedshiftDataClient;
  readonly #settings: RedshiftSettings;

  constructor(settings: RedshiftSettings) {
    const { region } = settings;
    this.#settings = settings;
    this.#client = new RedshiftDataClient({
      maxAttempts: SDK_ATTEMPTS,
      ...(region === null ? {} : { region }),
    });
  }

  async start({ statements, isTransaction, token }: RedshiftBatch): Promise<string> {
    const { database, target, secret } = this.#settings;
    const command = new BatchExecuteStatementCommand({
      Sqls: [...statements],
      ExecutionMode: isTransaction ? "TRANSACTION" : "AUTO_COMMIT",
      ClientToken: token,
      StatementName: STATEMENT_NAME,
      Database: database,
      ...(secret === null ? {} : { SecretArn: secret }),
      ...(target.kind === "workgroup"
        ? { WorkgroupName: target.name }
        : { ClusterIdentifier: target.name, ...(target.user === null ? {} : { DbUser: target.user }) }),
    });
    const { Id: id } = await ask("BatchExecuteStatement", (options) => this.#client.send(command, options));
    if (id !== undefined) return id;
    throw new RoadstreamError("unavailable", "Redshift BatchExecuteStatement: its answer names no batch");
  }

  async state(id: string): Promise<BatchState> {
    const command = new DescribeStatementCommand({ Id: id });
    return stateOf(await ask("DescribeStatement", (options) => this.#client.send(command, options)));
  }

  async cancel(id: string): Promise<void> {
    const command = new CancelStatementCommand({ Id: id });
    try {
      await ask("CancelStatement", (options) => this.#client.send(command, options));
    } catch (error) {
      // One that has ended cannot be cancelled, and need not be.
      if (!(error instanceof RoadstreamError) || error.code !== "usage") throw error;
    }
  }

  async page(statement: string, token: string | null): Promise<RedshiftPage> {
    const command = new GetStatementResultCommand({
      Id: statement,
      ...(token === null ? {} : { NextToken: token }),
    });
    const answer = await ask("GetStatementResult", (options) => this.#client.send(command, options));
    return {
      rows: (answer.Records ?? []).map((record) => record.map(textOf)),
      next: answer.NextToken === undefined || answer.NextToken === "" ? null : answer.NextToken,
    };
  }

  [Symbol.dispose](): void {
    this.#client.destroy();
  }
}
