import type { TableName } from "@roadstream/shared";
import { objectsAt } from "../object-store/objects-at.ts";
import type { LoadProgress } from "../warehouse/load-context.ts";
import { WarehouseLoader } from "../warehouse/warehouse-loader.ts";
import { DRIVING_FACTS } from "../warehouse/driving-facts.ts";
import type { OpenedLake } from "./open-lake.ts";
import type { OpenStoreOptions } from "./open-store.ts";
import { warehouseChoice } from "./open-warehouse.ts";

export interface LoaderChoice {
  readonly warehouse: string;
  readonly catalog: string;
  readonly tables: readonly TableName[];
}

export interface OpenedLoader {
  readonly loader: WarehouseLoader;
  /** The warehouse, without secrets. */
  readonly name: string;
}

/** A loader of the warehouse that the settings name; asks nobody yet. Throws `usage`. */
export const openLoader = (
  { warehouse, catalog, tables }: LoaderChoice,
  lake: Pick<OpenedLake, "store" | "tables">,
  context: OpenStoreOptions & { readonly signal: AbortSignal },
): OpenedLoader => {
  const { store } = lake;
  const { name, open } = warehouseChoice(warehouse, { ...context, catalog, store });
  const onStep = ({ table, step, steps, files, rows }: LoadProgress): void =>
    context.logger.info("loaded", { table, step: `${step}/${steps}`, files, rows });
  const loader = new WarehouseLoader({
    ...context,
    lake: lake.tables,
    tables,
    facts: DRIVING_FACTS,
    open,
    objectsAt: objectsAt(store),
    onStep,
  });
  return { loader, name };
};
