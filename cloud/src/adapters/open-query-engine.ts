import { RoadstreamError } from "@roadstream/shared";
import { readingStatement } from "../athena/reading-statement.ts";
import type { QueryResult } from "../sql/query-result.ts";
import { AthenaEngine, type AthenaChoice, type AthenaEngineOptions } from "./athena-engine.ts";
import { LakeSession } from "./lake-session.ts";
import { openLake, type LakeChoice } from "./open-lake.ts";
import type { OpenStoreOptions } from "./open-store.ts";

/** Who answers SQL over the lake. Only reading statements are run. */
export interface QueryEngine extends AsyncDisposable {
  query(sql: string): Promise<QueryResult>;
  /** Path of a Parquet file with the result, which goes with the engine. */
  parquet(sql: string): Promise<string>;
}

export interface EngineChoice extends LakeChoice, AthenaChoice {
  readonly engine: "duckdb" | "athena";
}

type EngineContext = OpenStoreOptions & Pick<AthenaEngineOptions, "signal" | "note">;

const openAthena = async (choice: EngineChoice, context: EngineContext): Promise<QueryEngine> => {
  const athena = await AthenaEngine.open(choice, context);
  return {
    query: (sql) => athena.query(readingStatement(sql)),
    parquet: () =>
      Promise.reject(
        new RoadstreamError("usage", "Athena gives its rows as text", {
          hint: "--format csv or json, or --engine duckdb",
        }),
      ),
    [Symbol.asyncDispose]: () => athena[Symbol.asyncDispose](),
  };
};

const openDuckDb = async (choice: EngineChoice, context: EngineContext): Promise<QueryEngine> => {
  await using opened = new AsyncDisposableStack();
  const lake = opened.use(openLake(choice, context));
  const session = opened.use(await LakeSession.open(lake, context.signal));
  const closing = opened.move();
  return {
    query: (sql) => session.query(sql),
    parquet: (sql) => session.parquet(sql),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
};

export const openQueryEngine = (choice: EngineChoice, context: EngineContext): Promise<QueryEngine> =>
  choice.engine === "athena" ? openAthena(choice, context) : openDuckDb(choice, context);
