/** A statement as it is started. */
export interface StatementRequest {
  readonly sql: string;
  /** At least 32 characters, of this statement alone: to start it again with the same token starts nothing new. */
  readonly token: string;
  /** The Glue database in which names are looked up. */
  readonly database: string;
  readonly workgroup: string;
}

export interface Execution {
  readonly state: "queued" | "running" | "succeeded" | "failed" | "cancelled";
  /** Why it failed or was cancelled, in Athena's words; empty otherwise. */
  readonly reason: string;
  /** Whether the statement itself was wrong, rather than what happened to it. */
  readonly isUserError: boolean;
  /** The first row of its results repeats the columns' names. */
  readonly hasHeaderRow: boolean;
  readonly scannedBytes: number;
}

export interface ResultPage {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** Values as Athena spells them; null where there is none. */
  readonly rows: readonly (readonly (string | null)[])[];
  /** Of the next page; null on the last. */
  readonly next: string | null;
}

export interface Workgroup {
  readonly name: string;
  /** Athena ends a query that scans more; null: it may scan everything. */
  readonly scanLimitBytes: number | null;
}

/**
 * What Amazon Athena is asked; adapters/sdk-athena-requests.ts is the real one. Throws `unavailable` for what may be asked again
 * as it is, `usage` for a statement or a setting that is wrong, `refused` on a denial.
 */
export interface AthenaRequests {
  /** The execution's id. */
  start(request: StatementRequest): Promise<string>;
  execution(id: string): Promise<Execution>;
  /** Does nothing to one that has ended. */
  stop(id: string): Promise<void>;
  page(id: string, token: string | null): Promise<ResultPage>;
  workgroup(name: string): Promise<Workgroup>;
}
