import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { allTopics, logTopics, millis, type StreamName } from "@roadstream/shared";
import { openEventLog, type EventLog, type LogAppend } from "@roadstream/shared/event-log";
import { openIngest } from "../adapters/open-ingest.ts";
import { openLake, type OpenedLake } from "../adapters/open-lake.ts";
import { IngestWorker } from "../ingest/worker.ts";
import { TABLE_NAMES } from "../lake/table-definition.ts";
import { realContext } from "./real-context.ts";

export const TINY_BOOT = "0190d5e4-7b1a-7abc-8def-0123456789ab";
const TOPICS = logTopics({});
const ONE_DAY = "2026-03-01";

/** A real SQLite log and a real lake in a folder of their own, fed by the real worker in this process. */
export interface TinyLake extends AsyncDisposable {
  readonly folder: string;
  readonly logSpec: string;
  readonly lakeSpec: string;
  readonly log: EventLog;
  readonly lake: OpenedLake;
  /** Puts records into the log, as a gateway does. */
  append(records: readonly LogAppend[]): Promise<void>;
  /** Lands all that the log holds, as `cloud run --until-drained` does. */
  land(): Promise<void>;
  /** Lands what comes until the signal, as `cloud run` does. */
  landUntil(signal: AbortSignal): Promise<void>;
}

const options = realContext();

/** A record as the gateway writes it: captured at that time of one day, received a second later. */
export const tinyRecord = (
  stream: StreamName,
  of: { readonly vehicle?: string; readonly seq: number; readonly at: string },
  fields: Readonly<Record<string, unknown>>,
): LogAppend => {
  const key = of.vehicle ?? "car-1";
  const captured = Date.parse(`${ONE_DAY}T${of.at}Z`);
  return {
    topic: TOPICS.streams[stream],
    key,
    value: JSON.stringify({
      v: 1,
      vehicle_id: key,
      boot_id: TINY_BOOT,
      machine_boot: "m1",
      received_at: new Date(captured + 1000).toISOString(),
      seq: of.seq,
      captured_at: new Date(captured).toISOString(),
      clock: "gnss",
      uptime_ms: 4000,
      ...fields,
    }),
  };
};

const land = async (
  logSpec: string,
  lakeSpec: string,
  how: { readonly untilDrained: boolean; readonly signal: AbortSignal },
): Promise<void> => {
  await using ingest = await openIngest({
    ...options,
    log: logSpec,
    lake: lakeSpec,
    catalog: "file",
    moveCatalog: false,
    untilDrained: true,
    commitInterval: millis(50),
  });
  const worker = new IngestWorker(ingest, {
    group: "tiny",
    name: "tiny",
    tables: TABLE_NAMES,
    ...how,
    onReady: () => undefined,
  });
  await worker.run();
};

export const tinyLake = async (): Promise<TinyLake> => {
  const folder = await mkdtemp(join(tmpdir(), "tiny-lake-"));
  const logSpec = `sqlite:${join(folder, "log.sqlite")}`;
  const lakeSpec = `file:${join(folder, "lake")}`;
  const log = await openEventLog(logSpec, options);
  await log.createTopics(allTopics(TOPICS), 2);
  const lake = openLake({ lake: lakeSpec, catalog: "file" }, options);
  return {
    folder,
    logSpec,
    lakeSpec,
    log,
    lake,
    append: async (records) => {
      await using writer = await log.writer();
      const outcome = await writer.append(records);
      if (outcome.kind !== "durable") throw new Error(outcome.reason);
    },
    land: () => land(logSpec, lakeSpec, { untilDrained: true, signal: new AbortController().signal }),
    landUntil: (signal) => land(logSpec, lakeSpec, { untilDrained: false, signal }),
    [Symbol.asyncDispose]: async () => {
      await lake[Symbol.asyncDispose]();
      await log[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
};
