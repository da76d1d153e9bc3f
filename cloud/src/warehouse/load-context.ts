import type { Clock, Logger, Random, TableName } from "@roadstream/shared";
import type { IcebergTable } from "../lake/lake-table.ts";
import type { StepLimits } from "./load-step.ts";
import type { LoadCursor } from "./load-plan.ts";
import type { Warehouse } from "./ports.ts";
import type { WarehouseFacts } from "./warehouse-facts.ts";

/** How far a table's load has come. */
export interface LoadProgress {
  readonly table: TableName;
  readonly step: number;
  readonly steps: number;
  readonly files: number;
  readonly rows: number;
}

export interface LoadContext {
  readonly warehouse: Warehouse;
  readonly tables: Readonly<Record<TableName, IcebergTable>>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Where each table stands, as far as this process knows: the warehouse's guard notices when it is no longer so. */
  readonly cursors: Map<string, LoadCursor>;
  /** Tables, and which rows of them, facts are computed from. */
  readonly factSources: WarehouseFacts["sources"];
  /** What a transaction reads at most, where it can be divided. */
  readonly stepLimits?: StepLimits;
  readonly onStep?: (progress: LoadProgress) => void;
}
