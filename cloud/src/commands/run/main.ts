import { logTopics, uuidV7, type Values } from "@roadstream/shared";
import {
  EXIT_CODES,
  nodeZstd,
  runProcess,
  type ExitCode,
  type ProcessContext,
} from "@roadstream/shared/adapters";
import { openEventLog } from "@roadstream/shared/event-log";
import { DEFAULT_DUCKDB, DuckDbEngine } from "../../adapters/duckdb-engine.ts";
import { DuckDbParquetWriter } from "../../adapters/duckdb-parquet.ts";
import { DuckDbRowWriter } from "../../adapters/duckdb-row-writer.ts";
import { nodeSha256 } from "../../adapters/node-sha256.ts";
import { openLake } from "../../adapters/open-lake.ts";
import { acceptLogChange } from "../../ingest/accept-log-change.ts";
import type { IngestContext } from "../../ingest/ingest-context.ts";
import {
  BATCH_MAX_BYTES,
  BATCH_MAX_ROWS,
  COMMIT_MAX_DAYS,
  CONCURRENT_COMMITS,
} from "../../ingest/ingest-limits.ts";
import { IngestMetrics } from "../../ingest/ingest-metrics.ts";
import { Slots } from "../../ingest/slots.ts";
import { IngestWorker } from "../../ingest/worker.ts";
import { TABLE_NAMES } from "../../lake/table-definition.ts";
import { RUN_COMMAND } from "./config.ts";
import { runSummary } from "./summary.ts";

type RunValues = Values<typeof RUN_COMMAND.options>;

const SQLITE = "sqlite:";

const run = async (values: RunValues, context: ProcessContext): Promise<ExitCode> => {
  const { clock, random, logger, signal } = context;
  const began = clock.uptime();
  const logSpec = values.log.startsWith(SQLITE)
    ? SQLITE + context.path(values.log.slice(SQLITE.length))
    : values.log;
  await using log = await openEventLog(logSpec, context);
  await using deadLetters = await log.writer();
  await using lake = openLake(values.lake, context);
  await using engine = await DuckDbEngine.open(DEFAULT_DUCKDB);
  const folder = await lake.incoming();
  const parquet = new DuckDbParquetWriter({ store: lake.store, clock, random, folder });
  await using rows = new DuckDbRowWriter({ engine, parquet, clock, random, folder });
  const metrics = new IngestMetrics(context.metrics);
  const ingest: IngestContext = {
    clock,
    random,
    logger,
    metrics,
    log,
    deadLetters,
    topics: logTopics(context.env),
    store: lake.store,
    tables: lake.tables,
    rows,
    zstd: nodeZstd,
    sha256: nodeSha256,
    slots: new Slots(CONCURRENT_COMMITS),
    limits: {
      commitInterval: values.commitInterval,
      batchMaxBytes: BATCH_MAX_BYTES,
      batchMaxRows: BATCH_MAX_ROWS,
      commitMaxDays: COMMIT_MAX_DAYS,
    },
  };
  for (const table of values.acceptLogChange) await acceptLogChange(ingest, table);
  const worker = new IngestWorker(ingest, {
    group: values.group,
    name: `cloud-${uuidV7(clock.now(), random)}`,
    tables: TABLE_NAMES,
    untilDrained: values.untilDrained,
    signal,
    onReady: () => context.ready(),
  });
  await worker.run();
  const summary = runSummary(metrics, (clock.uptime() - began) / 1000);
  logger.info("done", summary);
  if (values.json) context.print(`${JSON.stringify(summary)}\n`);
  return EXIT_CODES.done;
};

export const start = (argv: readonly string[]): Promise<never> =>
  runProcess({ stage: "cloud", command: RUN_COMMAND, argv, main: run });
