import {
  CreateTableCommand,
  GetDatabaseCommand,
  GetTableCommand,
  GlueClient,
  UpdateTableCommand,
  type Table,
  type TableInput,
} from "@aws-sdk/client-glue";
import { errorText, RoadstreamError } from "@roadstream/shared";
import type { GlueContent, GlueEntry, GlueTables } from "../lake/glue-tables.ts";

/** One request with its repeats. */
const REQUEST_LIMIT_MS = 20_000;
const SDK_ATTEMPTS = 4;

export interface GlueSettings {
  readonly database: string;
  /** Null: as the SDK finds it. */
  readonly region: string | null;
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : "");
const statusOf = (error: unknown): number =>
  (error as { $metadata?: { httpStatusCode?: number }; $response?: { statusCode?: number } }).$metadata
    ?.httpStatusCode ??
  (error as { $response?: { statusCode?: number } }).$response?.statusCode ??
  0;

/** For good (permissions, a wrong request), or perhaps better later. */
const failure = (what: string, error: unknown): RoadstreamError => {
  const status = statusOf(error);
  const isForGood = status >= 400 && status < 500 && status !== 408 && status !== 429 && !isThrottled(error);
  if (!isForGood)
    return new RoadstreamError("unavailable", `Glue ${what}: ${errorText(error)}`, { cause: error });
  return new RoadstreamError("refused", `Glue ${what}: ${nameOf(error)} ${errorText(error)}`, {
    cause: error,
    hint: "the role needs glue:GetTable, glue:CreateTable and glue:UpdateTable on the catalog, the database and its tables",
  });
};

const isThrottled = (error: unknown): boolean =>
  /Throttl|TooManyRequests|ResourceNotReady|OperationTimeout/.test(nameOf(error));

/** Glue's own fields of an answer that an update must give back. */
const keptFields = (table: Table): Partial<TableInput> => ({
  ...(table.Owner === undefined ? {} : { Owner: table.Owner }),
  ...(table.Retention === undefined ? {} : { Retention: table.Retention }),
});

const tableInput = (name: string, content: GlueContent, before: Table | null): TableInput => ({
  ...(before === null ? {} : keptFields(before)),
  Name: name,
  TableType: "EXTERNAL_TABLE",
  Description: content.description,
  Parameters: { ...before?.Parameters, ...content.parameters },
  StorageDescriptor: {
    ...before?.StorageDescriptor,
    Location: content.location,
    Columns: content.columns.map((column) => ({
      Name: column.name,
      Type: column.type,
      Comment: column.comment,
      Parameters: { ...column.parameters },
    })),
  },
});

/** AWS Glue through its SDK; whoever opens a lake loads this file only when Glue is asked for. */
export class SdkGlueTables implements GlueTables, Disposable {
  readonly database: string;
  readonly #client: GlueClient;
  /** What was read last of each table, to give back what is not ours with the update that follows. */
  readonly #read = new Map<string, Table>();

  constructor(settings: GlueSettings) {
    this.database = settings.database;
    this.#client = new GlueClient({
      maxAttempts: SDK_ATTEMPTS,
      ...(settings.region === null ? {} : { region: settings.region }),
    });
  }

  /** Throws `usage` when the database does not exist: it is made by whoever grants access to it. */
  async checkDatabase(): Promise<void> {
    const command = new GetDatabaseCommand({ Name: this.database });
    try {
      await this.#client.send(command, { abortSignal: AbortSignal.timeout(REQUEST_LIMIT_MS) });
    } catch (error) {
      if (nameOf(error) !== "EntityNotFoundException") throw failure("GetDatabase", error);
      throw new RoadstreamError("usage", `there is no Glue database ${this.database}`, {
        cause: error,
        hint: `aws glue create-database --database-input '{"Name":"${this.database}"}'`,
      });
    }
  }

  async get(table: string): Promise<GlueEntry | null> {
    const found = await this.#get(table);
    if (found === null) return null;
    return { versionId: found.VersionId ?? "", parameters: found.Parameters ?? {} };
  }

  async create(table: string, content: GlueContent): Promise<"created" | "exists" | "unknown"> {
    const command = new CreateTableCommand({
      DatabaseName: this.database,
      TableInput: tableInput(table, content, null),
    });
    try {
      await this.#client.send(command, { abortSignal: AbortSignal.timeout(REQUEST_LIMIT_MS) });
      return "created";
    } catch (error) {
      if (nameOf(error) === "AlreadyExistsException") return "exists";
      return unlessRefused(failure(`CreateTable ${table}`, error));
    }
  }

  async replace(
    table: string,
    versionId: string,
    content: GlueContent,
  ): Promise<"replaced" | "moved_on" | "unknown"> {
    const known = this.#read.get(table);
    const before = known?.VersionId === versionId ? known : await this.#get(table);
    if (before?.VersionId !== versionId) return "moved_on";
    const command = new UpdateTableCommand({
      DatabaseName: this.database,
      TableInput: tableInput(table, content, before),
      VersionId: versionId,
      SkipArchive: true,
    });
    try {
      await this.#client.send(command, { abortSignal: AbortSignal.timeout(REQUEST_LIMIT_MS) });
      return "replaced";
    } catch (error) {
      if (nameOf(error) === "ConcurrentModificationException" || nameOf(error) === "VersionMismatchException")
        return "moved_on";
      return unlessRefused(failure(`UpdateTable ${table}`, error));
    }
  }

  [Symbol.dispose](): void {
    this.#client.destroy();
  }

  async #get(table: string): Promise<Table | null> {
    const command = new GetTableCommand({ DatabaseName: this.database, Name: table });
    try {
      const answer = await this.#client.send(command, { abortSignal: AbortSignal.timeout(REQUEST_LIMIT_MS) });
      if (answer.Table === undefined)
        throw new RoadstreamError("unavailable", `Glue GetTable ${table}: no table in the answer`);
      this.#read.set(table, answer.Table);
      return answer.Table;
    } catch (error) {
      if (nameOf(error) === "EntityNotFoundException") return null;
      if (error instanceof RoadstreamError) throw error;
      throw failure(`GetTable ${table}`, error);
    }
  }
}

const unlessRefused = (error: RoadstreamError): "unknown" => {
  if (error.code === "refused") throw error;
  return "unknown";
};
