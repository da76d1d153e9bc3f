import { RoadstreamError } from "@roadstream/shared";
import type { Cell } from "../sql/query-result.ts";
import { AwsJsonServer, no, ok, type AwsJsonAnswer, type AwsJsonBody } from "./aws-json-server.ts";
import type { StandInEngine } from "./redshift-engine.ts";

type Status = "SUBMITTED" | "PICKED" | "STARTED" | "FINISHED" | "FAILED" | "ABORTED";

interface StoredBatch {
  readonly id: string;
  readonly statements: readonly string[];
  readonly isTransaction: boolean;
  readonly createdAt: number;
  readonly cancel: AbortController;
  status: Status;
  error: string;
  /** Which statement failed. */
  failed: number;
  readonly results: (readonly (readonly Cell[])[])[];
  looks: number;
  readonly done: Promise<void>;
}

/** Limits of the Data API. */
const MAX_STATEMENTS = 40;
const MAX_STATEMENT_BYTES = 100_000;
const MAX_TOKEN = 64;
const PAGE_ROWS = 1000;

const wrong = (message: string): AwsJsonAnswer => no("ValidationException", message, { Message: message });
const isEnded = ({ status }: StoredBatch): boolean => /FINISHED|FAILED|ABORTED/.test(status);

/**
 * The Redshift Data API over HTTP: batches in one transaction, whose state moves on with each look; a client's token
 * starts one batch; a batch goes on when its client is gone.
 */
export class RedshiftStandIn extends AwsJsonServer {
  readonly batches = new Map<string, StoredBatch>();
  /** Fault knob: a batch waits before its first statement until it is cancelled. */
  isHeld = false;
  /** Fault knob: the next statement that matches fails with this. */
  failing: { readonly at: RegExp; readonly error: string } | null = null;
  /** Knob: awaited before each statement, for a test that wants batches in a certain order. */
  before: (sql: string) => Promise<void> = () => Promise.resolve();
  readonly #engine: StandInEngine;
  readonly #tokens = new Map<string, string>();

  constructor(engine: StandInEngine) {
    super();
    this.#engine = engine;
  }

  /** Batches that have ended, one way or the other. */
  get ended(): number {
    return [...this.batches.values()].filter(isEnded).length;
  }

  /** What was begun ends, as it does in Redshift. */
  async settled(): Promise<void> {
    for (const batch of this.batches.values()) await batch.done;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    for (const { cancel } of this.batches.values()) cancel.abort();
    await this.settled();
    await this.#engine[Symbol.asyncDispose]();
  }

  protected answer(operation: string, body: AwsJsonBody): AwsJsonAnswer {
    if (operation === "BatchExecuteStatement") return this.#start(body);
    const [id = "", at = "0"] = String(body["Id"]).split(":");
    const batch = this.batches.get(id);
    if (batch === undefined) return no("ResourceNotFoundException", `Query ${id} does not exist.`);
    if (operation === "DescribeStatement") return look(batch);
    if (operation === "GetStatementResult") return page(batch, Number(at), Number(body["NextToken"] ?? 0));
    if (operation !== "CancelStatement") return no("UnknownOperationException");
    if (isEnded(batch)) return wrong(`Could not cancel a query that is already in ${batch.status} state`);
    batch.cancel.abort();
    return ok({ Status: true });
  }

  #start(body: AwsJsonBody): AwsJsonAnswer {
    const statements = body["Sqls"] as readonly string[];
    const token = (body["ClientToken"] as string | undefined) ?? "";
    if (statements.length > MAX_STATEMENTS) return wrong("Sqls: at most 40 statements");
    if (statements.some((sql) => Buffer.byteLength(sql) > MAX_STATEMENT_BYTES))
      return wrong("a statement is too long");
    if (token === "" || token.length > MAX_TOKEN) return wrong("ClientToken: 1 to 64 characters");
    if (body["Database"] === undefined) return wrong("Database is missing");
    if ((body["WorkgroupName"] === undefined) === (body["ClusterIdentifier"] === undefined))
      return wrong("either WorkgroupName or ClusterIdentifier");
    const before = this.#tokens.get(token);
    if (before !== undefined) return ok({ Id: before });
    const id = `00000000-0000-4000-8000-${String(this.batches.size + 1).padStart(12, "0")}`;
    this.#tokens.set(token, id);
    const begun = Promise.withResolvers<void>();
    const batch: StoredBatch = {
      id,
      statements,
      isTransaction: body["ExecutionMode"] !== "AUTO_COMMIT",
      createdAt: Date.now() / 1000,
      cancel: new AbortController(),
      status: "SUBMITTED",
      error: "",
      failed: -1,
      results: [],
      looks: 0,
      done: begun.promise.then(() => this.#run(batch)),
    };
    this.batches.set(id, batch);
    begun.resolve();
    return ok({ Id: id, CreatedAt: batch.createdAt });
  }

  async #run(batch: StoredBatch): Promise<void> {
    const { signal } = batch.cancel;
    const session = await this.#engine.session();
    try {
      for (const sql of batch.statements) {
        batch.failed = batch.results.length;
        await this.#fault(sql, signal);
        await this.before(sql);
        batch.results.push(await session.run(sql, signal));
        if (!batch.isTransaction) await session.commit();
      }
      signal.throwIfAborted();
      await session.commit();
      batch.failed = -1;
      batch.status = "FINISHED";
    } catch (error) {
      await session.rollback().catch(() => undefined);
      batch.status = signal.aborted ? "ABORTED" : "FAILED";
      batch.error = `ERROR: ${error instanceof Error ? error.message : String(error)}`;
    } finally {
      await session.close();
    }
  }

  async #fault(sql: string, signal: AbortSignal): Promise<void> {
    const { failing } = this;
    if (failing?.at.test(sql) === true) {
      this.failing = null;
      throw new RoadstreamError("refused", failing.error);
    }
    if (!this.isHeld) return;
    signal.throwIfAborted();
    await new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(new Error("cancelled")), { once: true });
    });
  }
}

/** Each look finds a batch one state further at most; times are numbers of seconds. */
const look = (batch: StoredBatch): AwsJsonAnswer => {
  batch.looks += 1;
  const early = ["SUBMITTED", "PICKED"][batch.looks - 1];
  const status = early ?? (isEnded(batch) ? batch.status : "STARTED");
  const isLate = early === undefined && isEnded(batch);
  return ok({
    Id: batch.id,
    Status: status,
    CreatedAt: batch.createdAt,
    UpdatedAt: batch.createdAt + 1,
    Duration: isLate ? 1_000_000 : -1,
    ...(isLate && batch.status !== "FINISHED" ? { Error: batch.error } : {}),
    SubStatements: batch.statements.map((sql, at) => ({
      Id: `${batch.id}:${at + 1}`,
      QueryString: sql,
      Status: at === batch.failed && isLate ? batch.status : status,
      HasResultSet: (batch.results[at]?.length ?? 0) > 0,
      ...(at === batch.failed && isLate ? { Error: batch.error } : {}),
    })),
  });
};

const field = (cell: Cell): AwsJsonBody => {
  if (cell === null) return { isNull: true };
  if (typeof cell === "boolean") return { booleanValue: cell };
  if (typeof cell === "number") return Number.isInteger(cell) ? { longValue: cell } : { doubleValue: cell };
  return { stringValue: typeof cell === "string" ? cell : JSON.stringify(cell) };
};

const page = (batch: StoredBatch, at: number, from: number): AwsJsonAnswer => {
  const rows = batch.results[at - 1];
  if (batch.status !== "FINISHED" || rows === undefined)
    return no("ResourceNotFoundException", "Query does not have result. Please check query status.");
  const records = rows.slice(from, from + PAGE_ROWS).map((row) => row.map(field));
  const next = from + PAGE_ROWS < rows.length ? { NextToken: String(from + PAGE_ROWS) } : {};
  return ok({ Records: records, TotalNumRows: rows.length, ColumnMetadata: [], ...next });
};
