import { minutes, millis, type Clock, type Random } from "@roadstream/shared";
import { systemClock } from "@roadstream/shared/adapters";
import { RedshiftWarehouse } from "../adapters/redshift-warehouse.ts";
import { SdkRedshiftRequests } from "../adapters/sdk-redshift-requests.ts";
import type { ObjectStore } from "../ports.ts";
import { redshiftSettings } from "../redshift/redshift-url.ts";
import type { MortalProcess } from "./mortal.ts";
import type { StandInEngine } from "./redshift-engine.ts";
import { RedshiftStandIn } from "./redshift-stand-in.ts";

/** What the SDK looks for in the process's own environment; any credentials will do. */
const variables = (address: string): Readonly<Record<string, string>> => ({
  AWS_ACCESS_KEY_ID: process.env["AWS_ACCESS_KEY_ID"] ?? "test",
  AWS_SECRET_ACCESS_KEY: process.env["AWS_SECRET_ACCESS_KEY"] ?? "test",
  AWS_ENDPOINT_URL_REDSHIFT_DATA: address,
});

/** Pauses between looks and attempts are a thirtieth. */
const system = systemClock();
export const hastyClock: Clock = {
  ...system,
  sleep: (for_, signal) => system.sleep(millis(for_ / 30), signal),
};

/** A stand-in of the Data API, and warehouses behind it as the SDK reaches them. */
export class RedshiftBed implements AsyncDisposable {
  readonly redshift: RedshiftStandIn;
  /** What a process must have in its environment to reach it. */
  readonly env: Readonly<Record<string, string>>;
  readonly #before: readonly (readonly [string, string | undefined])[];
  readonly #url: string;

  private constructor(redshift: RedshiftStandIn, url: string, address: string) {
    this.redshift = redshift;
    this.#url = url;
    this.env = variables(address);
    this.#before = Object.keys(this.env).map((name) => [name, process.env[name]]);
    Object.assign(process.env, this.env);
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
