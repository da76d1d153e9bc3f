import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { DuckDbEngine, IngestWorker, openIngest } from "@roadstream/cloud/testing";
import { allTopics, MemoryMetrics, seconds, silentLogger } from "@roadstream/shared";
import { systemClock, systemRandom } from "@roadstream/shared/adapters";
import { openEventLog, singleRecords } from "@roadstream/shared/event-log";
import { BENCH_TOPICS, gatewayEntries } from "./gateway-entries.ts";
import { cpuSeconds, median } from "./measure.ts";

export interface IngestBench {
  readonly name: "ingest";
  readonly unit: "rows per CPU-second";
  /** From the event log (SQLite) to committed Iceberg rows: validated, without doubles, sorted, with ledger. */
  readonly ours: number;
  /** DuckDB alone: `COPY (FROM read_json(…)) TO … (FORMAT parquet, COMPRESSION zstd)` of the same records. */
  readonly reference: number;
  readonly ratio: number;
  readonly target: number;
  readonly ok: boolean;
  readonly rows: number;
  readonly doubles: number;
  readonly rounds: readonly { readonly ours: number; readonly reference: number }[];
}

const TARGET = 0.35;
const ROWS = 500_000;
const PARTITIONS = 6;
const ROUNDS = 5;
/** About as many as come in one turn of a busy gateway. */
const APPEND_PUBLISHES = 100;

const environment = {
  clock: systemClock(),
  random: systemRandom(),
  logger: silentLogger,
  metrics: new MemoryMetrics(),
  env: {},
};

/** The same records in a log and in a file. */
const prepare = async (
  folder: string,
): Promise<{ readonly log: string; readonly ndjson: string; readonly rows: number }> => {
  const log = `sqlite:${join(folder, "log.sqlite")}`;
  const ndjson = join(folder, "records.ndjson");
  await using opened = await openEventLog(log, environment);
  await opened.createTopics(allTopics(BENCH_TOPICS), PARTITIONS);
  await using writer = await opened.writer();
  const file = createWriteStream(ndjson);
  let rows = 0;
  for (const publishes of chunked(gatewayEntries(ROWS), APPEND_PUBLISHES)) {
    const entries = publishes.flat();
    const outcome = await writer.append(entries);
    if (outcome.kind !== "durable") throw new Error(outcome.reason);
    const records = singleRecords(entries);
    if (!file.write(records.map(({ value }) => `${value}\n`).join(""))) await once(file, "drain");
    rows += records.length;
  }
  file.end();
  await once(file, "finish");
  return { log, ndjson, rows };
};

const chunked = function* <T>(values: Iterable<T>, size: number): Generator<readonly T[]> {
  let chunk: T[] = [];
  for (const value of values) {
    chunk.push(value);
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
};

const land = async (log: string, lake: string, rows: number, group: string): Promise<void> => {
  const options = {
    ...environment,
    path: (text: string) => text,
    commitInterval: seconds(30),
    log,
    lake: `file:${lake}`,
    catalog: "file",
    moveCatalog: false,
    untilDrained: true,
  };
  await using ingest = await openIngest(options);
  const worker = new IngestWorker(ingest, {
    group,
    name: group,
    tables: ["gps_data", "dead_letters"],
    untilDrained: true,
    signal: new AbortController().signal,
    onReady: () => undefined,
  });
  await worker.run();
  const totals = ingest.metrics.of("gps_data");
  if (totals.landed !== ROWS || totals.landed + totals.doubled !== rows) {
    throw new Error(`landed ${totals.landed} and ${totals.doubled} doubles of ${rows} records`);
  }
};

const copy = async (engine: DuckDbEngine, ndjson: string, parquet: string): Promise<void> => {
  using connection = await engine.connect();
  await connection.run(
    `COPY (FROM read_json('${ndjson}', format = 'newline_delimited')) TO '${parquet}' (FORMAT parquet, COMPRESSION zstd)`,
  );
};

/** Both in turn in one process, so that the machine's mood is the same for both. */
export const benchIngest = async (): Promise<IngestBench> => {
  const folder = await mkdtemp(join(tmpdir(), "bench-ingest-"));
  try {
    const { log, ndjson, rows } = await prepare(folder);
    const rounds: { ours: number; reference: number }[] = [];
    // One thread, as ingest has: DuckDB spends the least CPU so.
    await using engine = await DuckDbEngine.open({ memoryLimit: "1GB", threads: 1, temporaryFolder: null });
    for (let round = 0; round < ROUNDS; round += 1) {
      const group = `round-${round}`;
      // A group of its own each: the log keeps all records for it.
      const ours = await cpuSeconds(() => land(log, join(folder, group), rows, group));
      const reference = await cpuSeconds(() => copy(engine, ndjson, join(folder, `${group}.parquet`)));
      rounds.push({ ours: Math.round(rows / ours), reference: Math.round(rows / reference) });
    }
    const ratio = median(rounds.map((round) => round.ours / round.reference));
    return {
      name: "ingest",
      unit: "rows per CPU-second",
      ours: median(rounds.map((round) => round.ours)),
      reference: median(rounds.map((round) => round.reference)),
      ratio: Math.round(ratio * 1000) / 1000,
      target: TARGET,
      ok: ratio >= TARGET,
      rows,
      doubles: rows - ROWS,
      rounds,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
};
