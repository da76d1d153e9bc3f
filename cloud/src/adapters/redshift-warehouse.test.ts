import { minutes, seededRandom } from "@roadstream/shared";
import { afterEach, beforeEach, vi } from "vitest";
import type { ObjectStore } from "../ports.ts";
import { redshiftSettings } from "../redshift/redshift-url.ts";
import { DuckDbRedshift } from "../testing/redshift-engine.ts";
import { RedshiftStandIn } from "../testing/redshift-stand-in.ts";
import { hasty, warehouseContract } from "../warehouse/warehouse.contract.ts";
import { RedshiftWarehouse } from "./redshift-warehouse.ts";
import { SdkRedshiftRequests } from "./sdk-redshift-requests.ts";

beforeEach(() => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
});
afterEach(() => void vi.unstubAllEnvs());

warehouseContract("the Redshift Data API", async () => {
  const engine = await DuckDbRedshift.open();
  const redshift = new RedshiftStandIn(engine);
  vi.stubEnv("AWS_ENDPOINT_URL_REDSHIFT_DATA", await redshift.listen());
  const settings = redshiftSettings("redshift://roadstream/cars?region=eu-west-1");
  const open = (store: ObjectStore): Promise<RedshiftWarehouse> => {
    if (!engine.stores.includes(store)) engine.stores.push(store);
    return Promise.resolve(
      new RedshiftWarehouse({
        settings,
        requests: new SdkRedshiftRequests(settings),
        store,
        glueDatabase: null,
        clock: hasty,
        random: seededRandom(5),
        signal: new AbortController().signal,
        limit: minutes(1),
      }),
    );
  };
  return { open, [Symbol.asyncDispose]: () => redshift[Symbol.asyncDispose]() };
});
