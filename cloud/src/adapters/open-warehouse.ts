import { minutes, RoadstreamError } from "@roadstream/shared";
import { isRedshiftUrl, redshiftSettings, type RedshiftSettings } from "../redshift/redshift-url.ts";
import type { Warehouse } from "../warehouse/ports.ts";
import { DuckDbWarehouse, type DuckDbWarehouseOptions } from "./duckdb-warehouse.ts";

const DUCKDB = "duckdb:";
const GLUE = "glue:";
/** A first load of some hundred million rows takes minutes. */
const TRANSACTION_LIMIT = minutes(60);

export interface OpenWarehouseOptions extends Omit<DuckDbWarehouseOptions, "file"> {
  /** Relative paths count from where the caller stands. */
  readonly path: (text: string) => string;
  /** `file` or `glue:DATABASE`, as the lake was opened. */
  readonly catalog: string;
}

/** The warehouse that a setting names, opened as often as it is needed. */
export interface WarehouseChoice {
  /** Without secrets. */
  readonly name: string;
  readonly open: () => Promise<Warehouse>;
}

const redshiftChoice = (
  settings: RedshiftSettings,
  { catalog, store, ...options }: OpenWarehouseOptions,
): WarehouseChoice => {
  if (!store.root.startsWith("s3://")) {
    throw new RoadstreamError("usage", "Redshift reads a lake on S3 only", {
      hint: "give --lake s3://BUCKET/PREFIX, or load into --warehouse duckdb:FILE",
    });
  }
  const glueDatabase = catalog.startsWith(GLUE) ? catalog.slice(GLUE.length) : null;
  if (settings.externalSchema !== null && glueDatabase === null)
    throw new RoadstreamError("usage", "an external schema is one over Glue", {
      hint: "give --catalog glue:DATABASE",
    });
  return {
    name: `redshift://${settings.target.name}/${settings.database}`,
    open: async () => {
      const { RedshiftWarehouse } = await import("./redshift-warehouse.ts");
      const { SdkRedshiftRequests } = await import("./sdk-redshift-requests.ts");
      const requests = new SdkRedshiftRequests(settings);
      return new RedshiftWarehouse({
        ...options,
        settings,
        requests,
        store,
        glueDatabase,
        limit: TRANSACTION_LIMIT,
      });
    },
  };
};

/** Reads `duckdb:FILE` or `redshift://…`; asks nobody. Throws `usage` for another spelling, or a lake that Redshift cannot read. */
export const warehouseChoice = (url: string, options: OpenWarehouseOptions): WarehouseChoice => {
  if (isRedshiftUrl(url)) return redshiftChoice(redshiftSettings(url), options);
  const file = url.startsWith(DUCKDB) ? url.slice(DUCKDB.length) : "";
  if (file === "") {
    throw new RoadstreamError("usage", "not a warehouse", {
      hint: "duckdb:FILE or redshift://WORKGROUP/DATABASE?…",
    });
  }
  const path = options.path(file);
  return { name: `${DUCKDB}${path}`, open: () => DuckDbWarehouse.open({ ...options, file: path }) };
};
