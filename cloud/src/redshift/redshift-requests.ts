import type { WarehouseRow } from "../warehouse/ports.ts";

export interface RedshiftBatch {
  /** Run in this order. */
  readonly statements: readonly string[];
  /** As one transaction; else each for itself, for what Redshift runs in no transaction. */
  readonly isTransaction: boolean;
  /** Of this batch alone: to start it again with the same token starts nothing new. */
  readonly token: string;
}

export interface BatchState {
  readonly state: "running" | "finished" | "failed" | "aborted";
  /** Why it failed, in Redshift's words; empty otherwise. */
  readonly reason: string;
  /** Ids of its statements, in their order. */
  readonly statements: readonly string[];
}

export interface RedshiftPage {
  readonly rows: readonly WarehouseRow[];
  /** Of the next page; null on the last. */
  readonly next: string | null;
}

/**
 * What the Redshift Data API is asked; adapters/sdk-redshift-requests.ts is the real one. Throws `unavailable` for what may
 * be asked again as it is, `usage` for a request that is wrong, `refused` on a denial.
 */
export interface RedshiftRequests {
  /** The batch's id. */
  start(batch: RedshiftBatch): Promise<string>;
  state(id: string): Promise<BatchState>;
  /** Does nothing to one that has ended. */
  cancel(id: string): Promise<void>;
  /** Of one statement. */
  page(statement: string, token: string | null): Promise<RedshiftPage>;
}
