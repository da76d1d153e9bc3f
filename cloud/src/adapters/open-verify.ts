import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  logTopics,
  RoadstreamError,
  type Clock,
  type Logger,
  type Metrics,
  type Random,
} from "@roadstream/shared";
import { nodeSha256, nodeZstd } from "@roadstream/shared/adapters";
import type { EventLog } from "@roadstream/shared/event-log";
import { currentHeads } from "../lake/current-heads.ts";
import type { VerifyContext } from "../verify/verify-lake.ts";
import { DEFAULT_DUCKDB, DuckDbEngine } from "./duckdb-engine.ts";
import { DuckDbLakeRows } from "./duckdb-lake-rows.ts";
import { openLake } from "./open-lake.ts";
import { openLog } from "./open-log.ts";

export interface OpenVerifyOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly path: (text: string) => string;
  readonly lake: string;
  readonly catalog: string;
  readonly log: string | null;
}

const SQLITE = "sqlite:";

/** Opens lake, log and a database that may spill to disk; closes them in reverse order. */
export const openVerify = async (options: OpenVerifyOptions): Promise<VerifyContext & AsyncDisposable> => {
  await using opened = new AsyncDisposableStack();
  const lake = opened.use(openLake(options, options));
  const log = options.log === null ? null : opened.use(await openExistingLog(options.log, options));
  const folder = await mkdtemp(join(tmpdir(), "roadstream-verify-"));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const engine = opened.use(await DuckDbEngine.open({ ...DEFAULT_DUCKDB, temporaryFolder: folder }));
  const closing = opened.move();
  return {
    store: lake.store,
    tables: lake.tables,
    rows: new DuckDbLakeRows({ engine, store: lake.store }),
    zstd: nodeZstd,
    sha256: nodeSha256,
    topics: logTopics(options.env),
    log,
    logger: options.logger,
    heads: () => currentHeads(lake),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
};

/** Opening a SQLite log makes it; who only looks must not. */
const openExistingLog = async (spec: string, options: OpenVerifyOptions): Promise<EventLog> => {
  const file = spec.startsWith(SQLITE) ? options.path(spec.slice(SQLITE.length)) : null;
  if (file !== null && !existsSync(file))
    throw new RoadstreamError("usage", `there is no event log at ${file}`);
  return await openLog(spec, options);
};
