import { minutes, millis, type Clock, type Random } from "@roadstream/shared";
import { systemClock } from "@roadstream/shared/adapters";
import { RedshiftWarehouse } from "../adapters/redshift-warehouse.ts";
import { SdkRedshiftRequests } from "../adapters/sdk-redshift-requests.ts";
import type { ObjectStore } from "../ports.ts";
import { redshiftSettings } from "../redshift/redshift-url.ts";
import type { MortalProcess } from "./mortal.ts";
import type { StandInEngine } from "./redshift-engine.ts";
import { RedshiftStandIn } from "./redshift-stand-in.ts";

const VARIABLES = {
  AWS_ACCESS_KEY_ID: "test",
  AWS_SECRET_ACCESS_KEY: "test",
  AWS_ENDPOINT_URL_REDSHIFT_DATA: "",
};

/** Pauses between looks and attempts are a thirtieth. */
const system = systemClock();
export const hastyClock: Clock = {
  ...system,
  sleep: (for_, signal) => system.sleep(millis(for_ / 30), signal),
};

/** A stand-in of the Data API, and warehouses behind it as the SDK reaches them. */
export class RedshiftBed implements AsyncDisposable {
  readonly redshift: RedshiftStandIn;
  readonly #before = Object.keys(VARIABLES).map((name) => [name, process.env[name]] as const);
  readonly #url: string;

  private constructor(redshift: RedshiftStandIn, url: string, address: string) {
    this.redshift = redshift;
    this.#url = url;
    Object.assign(process.env, { ...VARIABLES, AWS_ENDPOINT_URL_REDSHIFT_DATA: address });
  }

  static async open(engine: StandInEngine, url: string): Promise<RedshiftBed> {
    const redshift = new RedshiftStandIn(engine);
    return new RedshiftBed(redshift, url, await redshift.listen());
  }

  /** `owner`: the process whose requests they are, which may die of any of them. */
  warehouse(options: {
    readonly store: ObjectStore;
    readonly random: Random;
    readonly owner?: MortalProcess;
    readonly glueDatabase?: string;
  }): RedshiftWarehouse {
    const { store, random, owner, glueDatabase = null } = options;
    const settings = redshiftSettings(this.#url);
    const requests = new SdkRedshiftRequests(settings);
    const mortal = owner?.owns<SdkRedshiftRequests>(requests) ?? requests;
    return new RedshiftWarehouse({
      settings,
      requests: {
        start: (batch) => mortal.start(batch),
        state: (id) => mortal.state(id),
        cancel: (id) => mortal.cancel(id),
        page: (id, token) => mortal.page(id, token),
        [Symbol.dispose]: () => requests[Symbol.dispose](),
      },
      store,
      glueDatabase,
      clock: hastyClock,
      random,
      signal: new AbortController().signal,
      limit: minutes(1),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.redshift[Symbol.asyncDispose]();
    for (const [name, value] of this.#before)
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
  }
}
