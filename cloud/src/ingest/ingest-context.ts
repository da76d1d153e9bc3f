import {
  uuidV7,
  type Clock,
  type DurationMs,
  type Logger,
  type LogTopics,
  type Random,
  type TableName,
  type Zstd,
  type Sha256,
} from "@roadstream/shared";
import type { EventLog, EventLogWriter } from "@roadstream/shared/event-log";
import type { LakeTable, ObjectStore } from "../ports.ts";
import type { ReceiptSender } from "../receipts/receipt-sender.ts";
import type { IngestMetrics } from "./ingest-metrics.ts";
import type { LettersIn, RowWriter } from "./ports.ts";
import type { Slots } from "./slots.ts";

/** All that one worker stands on; everything that touches the world comes in here. */
export interface IngestContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: IngestMetrics;
  readonly log: EventLog;
  /** For what this stage refuses. */
  readonly deadLetters: EventLogWriter;
  /** For what has become final. */
  readonly receipts: ReceiptSender;
  readonly topics: LogTopics;
  readonly store: ObjectStore;
  readonly tables: Readonly<Record<TableName, LakeTable>>;
  readonly rows: RowWriter;
  /** Of letters, by id, those that data files of dead_letters hold. */
  readonly lettersIn: LettersIn;
  readonly zstd: Zstd;
  readonly sha256: Sha256;
  readonly slots: Slots;
  readonly limits: IngestLimits;
}

interface IngestLimits {
  readonly commitInterval: DurationMs;
  readonly batchMaxRows: number;
  readonly batchMaxBytes: number;
  readonly commitMaxDays: number;
}

export const newUuid = (context: Pick<IngestContext, "clock" | "random">): string =>
  uuidV7(context.clock.now(), context.random);
