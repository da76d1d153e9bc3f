import {
  logTopics,
  type Clock,
  type Column,
  type DurationMs,
  type Logger,
  type Metrics,
  type Random,
} from "@roadstream/shared";
import { nodeZstd, nodeSha256 } from "@roadstream/shared/adapters";
import type { IngestContext } from "../ingest/ingest-context.ts";
import {
  BATCH_MAX_BYTES,
  BATCH_MAX_ROWS,
  COMMIT_MAX_DAYS,
  CONCURRENT_COMMITS,
} from "../ingest/ingest-limits.ts";
import { IngestMetrics } from "../ingest/ingest-metrics.ts";
import { ReceiptSender } from "../receipts/receipt-sender.ts";
import type { TextsOfFiles } from "../ports.ts";
import { Slots } from "../ingest/slots.ts";
import { DEFAULT_DUCKDB, DuckDbEngine } from "./duckdb-engine.ts";
import { DuckDbParquetWriter } from "./duckdb-parquet.ts";
import { DuckDbRowWriter } from "./duckdb-row-writer.ts";
import { duckDbLettersIn } from "./duckdb-letters-in.ts";
import { duckDbPictureKeys } from "./duckdb-picture-keys.ts";
import { keepHeapModest } from "./modest-heap.ts";
import { openLake, type OpenedLake } from "./open-lake.ts";
import { openExistingLog, openLog } from "./open-log.ts";

export interface OpenIngestOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly path: (text: string) => string;
  readonly log: string;
  readonly lake: string;
  readonly catalog: string;
  /** Hand tables of the file catalog over to `catalog` first. */
  readonly moveCatalog: boolean;
  /** Only what is there now is landed: a log that is not there is then a typing error, not one still to come. */
  readonly untilDrained: boolean;
  readonly commitInterval: DurationMs;
}

/** One thread: several would spend a third more CPU on a batch, and other tables' batches use the other cores. */
const INGEST_DUCKDB = { ...DEFAULT_DUCKDB, threads: 1 };

interface OpenedIngest extends IngestContext, AsyncDisposable {
  readonly tables: OpenedLake["tables"];
  readonly pictureKeys: TextsOfFiles;
}

/** Opens log, lake and database as the settings name them; closes them in reverse order. */
export const openIngest = async (options: OpenIngestOptions): Promise<OpenedIngest> => {
  const { clock, random, logger } = options;
  keepHeapModest();
  await using opened = new AsyncDisposableStack();
  const openIt = options.untilDrained ? openExistingLog : openLog;
  const log = opened.use(await openIt(options.log, options));
  const deadLetters = opened.use(await log.writer());
  const receiptWriter = opened.use(await log.writer());
  const lake = opened.use(openLake(options, options));
  const engine = opened.use(await DuckDbEngine.open(INGEST_DUCKDB));
  const folder = await lake.incoming();
  if (options.moveCatalog) {
    for (const table of await lake.handOver())
      logger.info("handed_over", { table, catalog: options.catalog });
  }
  for (const { table, added, widened } of await lake.evolve()) {
    const names = (columns: readonly Column[]): string => columns.map(({ name }) => name).join(",");
    logger.info("table_evolved", { table, added: names(added), widened: names(widened) });
  }
  const parquet = new DuckDbParquetWriter({ store: lake.store, clock, random, folder });
  const rows = opened.use(new DuckDbRowWriter({ engine, parquet, clock, random, folder }));
  const topics = logTopics(options.env);
  const receipts = new ReceiptSender({
    clock,
    logger,
    // Of its own: an append of receipts that hangs must not stand in front of dead letters, for which commits wait.
    writer: receiptWriter,
    topic: topics.receipts,
    metrics: options.metrics,
  });
  const closing = opened.move();
  return {
    clock,
    random,
    logger,
    metrics: new IngestMetrics(options.metrics),
    log,
    deadLetters,
    receipts,
    topics,
    store: lake.store,
    tables: lake.tables,
    pictureKeys: duckDbPictureKeys(engine, lake.store),
    rows,
    lettersIn: duckDbLettersIn(engine, lake.store),
    zstd: nodeZstd,
    sha256: nodeSha256,
    slots: new Slots(CONCURRENT_COMMITS),
    limits: {
      commitInterval: options.commitInterval,
      batchMaxBytes: BATCH_MAX_BYTES,
      batchMaxRows: BATCH_MAX_ROWS,
      commitMaxDays: COMMIT_MAX_DAYS,
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
};
