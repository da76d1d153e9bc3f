import { RoadstreamError, uuidV7, type Clock, type Random } from "@roadstream/shared";
import type { AthenaRequests } from "../athena/athena-requests.ts";
import { athenaResult } from "../athena/athena-result.ts";
import { runStatement, statementFailure, type EndedStatement } from "../athena/run-statement.ts";
import { requireScanLimit, scanNote } from "../athena/scan-limit.ts";
import { whileAway } from "../aws/while-away.ts";
import { TABLE_NAMES } from "../lake/table-definition.ts";
import type { QueryResult } from "../sql/query-result.ts";
import { LAKE_VIEWS } from "../views/lake-views.ts";

const GLUE = "glue:";

export interface AthenaEngineOptions {
  readonly requests: AthenaRequests & Disposable;
  readonly clock: Clock;
  readonly random: Random;
  /** Stops what is running. */
  readonly signal: AbortSignal;
  /** The Glue database. */
  readonly database: string;
  readonly workgroup: string;
  /** What the workgroup must allow a query to scan at most; null: any limit will do. */
  readonly maxScanMib: number | null;
  /** Says to people what a statement cost. */
  readonly note: (text: string) => void;
}

export interface AthenaChoice {
  readonly catalog: string;
  readonly workgroup: string;
  readonly maxScanMib: number | null;
}

/** SQL over the lake's tables in Amazon Athena, within what the workgroup lets a query scan. */
export class AthenaEngine implements AsyncDisposable {
  readonly #options: AthenaEngineOptions;

  private constructor(options: AthenaEngineOptions) {
    this.#options = options;
  }

  /** Loads the SDK only here. Throws `usage` where the catalog is not Glue, `refused` where the workgroup has no limit. */
  static async open(
    choice: AthenaChoice,
    context: Pick<AthenaEngineOptions, "clock" | "random" | "signal" | "note"> & {
      readonly env: Readonly<Record<string, string | undefined>>;
    },
  ): Promise<AthenaEngine> {
    const { catalog, workgroup, maxScanMib } = choice;
    if (!catalog.startsWith(GLUE)) {
      throw new RoadstreamError("usage", "Athena finds tables in Glue only", {
        hint: "give --catalog glue:DATABASE; cloud run --move-catalog hands tables over",
      });
    }
    const { SdkAthenaRequests } = await import("./sdk-athena-requests.ts");
    const requests = new SdkAthenaRequests({ region: context.env["AWS_REGION"] ?? null });
    const database = catalog.slice(GLUE.length);
    const engine = new AthenaEngine({ ...context, requests, database, workgroup, maxScanMib });
    try {
      requireScanLimit(await whileAway(engine.#options, () => requests.workgroup(workgroup)), maxScanMib);
    } catch (error) {
      requests[Symbol.dispose]();
      throw withHint(error, "make it as docs/athena.md says, or name another by --workgroup");
    }
    return engine;
  }

  async query(sql: string): Promise<QueryResult> {
    return athenaResult(this.#options, await this.run(sql));
  }

  /** Runs a statement to its end, and says what it cost. Throws when it did not succeed. */
  async run(sql: string): Promise<EndedStatement> {
    const { clock, random, database, workgroup, note } = this.#options;
    const token = uuidV7(clock.now(), random);
    const tables = `All that SQL sees here: ${[...TABLE_NAMES, ...LAKE_VIEWS.map(({ name }) => name)].join(", ")}; views by cloud views.`;
    const ended = await runStatement(this.#options, { sql, token, database, workgroup }).catch(
      (error: unknown) => {
        throw withHint(error, tables);
      },
    );
    note(`Athena ${scanNote(ended.execution.scannedBytes)}`);
    if (ended.execution.state !== "succeeded") throw statementFailure(ended.execution, tables);
    return ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#options.requests[Symbol.dispose]();
    return Promise.resolve();
  }
}

const withHint = (error: unknown, hint: string): unknown =>
  error instanceof RoadstreamError && error.code === "usage" && error.hint === null
    ? new RoadstreamError("usage", error.message, { cause: error, hint })
    : error;
