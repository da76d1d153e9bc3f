import type { TableDefinition } from "../ports.ts";
import type { WarehouseDialect } from "./dialect.ts";
import type { LoadFile } from "./load-file.ts";

/** Values as the engine spells them; null where there is none. */
export type WarehouseRow = readonly (string | null)[];

/**
 * Where the lake's rows are copied to. Throws `unavailable` or `timeout` where nobody knows whether it was done, `refused`
 * where the warehouse said no and nothing of it was done, `usage` for a setting that is wrong.
 */
export interface Warehouse extends AsyncDisposable {
  /** For people, without secrets. */
  readonly name: string;
  readonly dialect: WarehouseDialect;
  /** What has to be there before the first table; each process asks for it once. */
  setUp(): Promise<void>;
  query(sql: string): Promise<readonly WarehouseRow[]>;
  /** All or nothing, in this order, as one transaction. */
  transact(statements: readonly string[]): Promise<void>;
  /** Makes files ready to be read by a statement of {@link transact}. */
  stage(staging: Staging): Promise<StagedFiles>;
}

/** Which files are to be read into which table; all of them have exactly that table's columns. */
export interface Staging {
  readonly table: string;
  readonly definition: TableDefinition;
  readonly columns: readonly string[];
  readonly files: readonly LoadFile[];
}

export interface StagedFiles extends AsyncDisposable {
  /** Appends the files' rows to the table. Good until this is disposed of. */
  readonly statement: string;
}
