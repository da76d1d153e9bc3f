import {
  DuckDbRedshift,
  interruptedLoads,
  meetingLoaders,
  RedshiftBed,
  type WrittenLake,
} from "@roadstream/cloud/testing";
import { readings, warehouseContract } from "@roadstream/cloud/warehouse/contract";
import { seededRandom } from "@roadstream/shared";
import { describe, expect, test } from "vitest";
import { PostgresRedshift } from "./postgres-redshift.ts";
import { services } from "./services.ts";

const URL = "redshift://roadstream/cars?region=eu-west-1";
/** A whole load has about so many operations; those beyond it die of nothing. */
const OPERATIONS = 80;
const everyDeath = Array.from({ length: OPERATIONS }, (_, at) => at + 1);

const contractOn = (name: string, openEngine: () => Promise<DuckDbRedshift | PostgresRedshift>): void =>
  warehouseContract(name, async () => {
    const engine = await openEngine();
    const bed = await RedshiftBed.open(engine, URL);
    return {
      open: (store) => {
        if (!engine.stores.includes(store)) engine.stores.push(store);
        return Promise.resolve(bed.warehouse({ store, random: seededRandom(5) }));
      },
      [Symbol.asyncDispose]: () => bed[Symbol.asyncDispose](),
    };
  });

contractOn("the Redshift Data API over DuckDB", () => DuckDbRedshift.open());

test("loaders that die at each of their requests leave the same rows, each once", async () => {
  const seed = 23;
  const differences = await interruptedLoads({
    seed,
    deaths: everyDeath,
    engine: async (written) => {
      const engine = await DuckDbRedshift.open();
      engine.stores.push(written.lake.store);
      return engine;
    },
  });
  expect(differences, `seed ${seed}`).toEqual([]);
});

describe.skipIf(services("postgres").skip)("with the locks of a real server", () => {
  test("a loader waits for one that is at it, and then does not do the same again", async () => {
    const engineOf = async (written: WrittenLake): Promise<PostgresRedshift> => {
      const engine = await PostgresRedshift.open();
      engine.stores.push(written.lake.store);
      return engine;
    };
    expect(await meetingLoaders(engineOf, readings("car-1", 1, 5))).toEqual({
      conflicts: [0, 1],
      counts: ["5", "5"],
    });
  });

  contractOn("the Redshift Data API over PostgreSQL 15", () => PostgresRedshift.open());

  test("loaders that die at each of their requests leave the same rows, each once", async () => {
    const seed = 29;
    const differences = await interruptedLoads({
      seed,
      deaths: everyDeath,
      engine: async (written) => {
        const engine = await PostgresRedshift.open();
        engine.stores.push(written.lake.store);
        return engine;
      },
    });
    expect(differences, `seed ${seed}`).toEqual([]);
  });
});
