import { parseCheckpoint, RoadstreamError, SeqRanges, type TableName, type Zstd } from "@roadstream/shared";
import { z } from "zod";
import type { CheckpointMark, LedgerCounts } from "./ledger-delta.ts";
import { MAX_LEDGER_FILE_BYTES } from "./ledger-limits.ts";
import type { SeriesRanges } from "./series-ranges.ts";

/**
 * `<lake>/ledger/<table>/<partition>/<uuid>.json.zst`: one JSON object, zstd. `differences` names its predecessor and
 * holds one commit's additions; `whole` needs none; `archive` holds retired series and is named by the whole ones.
 */
export interface LedgerFile {
  readonly kind: "differences" | "whole" | "archive";
  readonly table: TableName;
  readonly partition: number;
  /** The commit that it was written for. */
  readonly commit: string;
  readonly previous: string | null;
  /** Files since the last whole one, itself included; 1 = whole. */
  readonly depth: number;
  readonly counts: Readonly<LedgerCounts>;
  readonly series: readonly SeriesRanges[];
  /** Only of a whole file: series, and the archive that holds its ranges. */
  readonly retired: readonly (readonly [series: string, archive: string])[];
  readonly deadLetterIds: readonly string[];
  readonly checkpoints: readonly CheckpointMark[];
}

const VERSION = 1;
const whole = z.int().min(0);
const range = z.tuple([z.int().min(1), z.int().min(1)]);
const schema = z.object({
  roadstream_ledger: z.literal(VERSION),
  kind: z.enum(["differences", "whole", "archive"]),
  table: z.string(),
  partition: whole,
  commit: z.string(),
  previous: z.string().nullable(),
  depth: z.int().min(1),
  counts: z.object({ received: whole, landed: whole, doubled: whole, rejected: whole }),
  series: z.array(
    z.object({
      vehicle_id: z.string(),
      boot_id: z.string(),
      stream: z.string(),
      landed: z.array(range),
      rejected: z.array(range),
      last_appended_at: whole,
    }),
  ),
  retired: z.array(z.tuple([z.string(), z.string()])),
  dead_letter_ids: z.array(z.string()),
  checkpoints: z.array(
    z.object({
      vehicle_id: z.string(),
      boot_id: z.string(),
      seq: z.int().min(1),
      log_offset: whole,
      ends: z.record(z.string(), z.array(whole)),
      checkpoint: z.string(),
    }),
  ),
});

export const ledgerKey = (table: TableName, partition: number, uuid: string): string =>
  `ledger/${table}/${partition}/${uuid}.json.zst`;

const storedSeries = (series: SeriesRanges): z.input<typeof schema>["series"][number] => ({
  vehicle_id: series.vehicleId,
  boot_id: series.bootId,
  stream: series.stream,
  landed: [...series.landed].map(([from, to]) => [from, to]),
  rejected: [...series.rejected].map(([from, to]) => [from, to]),
  last_appended_at: series.lastAppendedAt,
});

/** Series that are spelt at once: a whole fleet's as objects would be several times what they are as text. */
const SERIES_CHUNK = 1000;

/** The elements of a JSON array. */
const seriesChunks = (series: readonly SeriesRanges[]): readonly Uint8Array[] => {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < series.length; at += SERIES_CHUNK) {
    const array = JSON.stringify(series.slice(at, at + SERIES_CHUNK).map(storedSeries));
    chunks.push(Buffer.from(`${at === 0 ? "" : ","}${array.slice(1, -1)}`));
  }
  return chunks;
};

export const encodeLedgerFile = (file: LedgerFile, zstd: Zstd): Uint8Array => {
  const stored: Omit<z.input<typeof schema>, "series"> = {
    roadstream_ledger: VERSION,
    kind: file.kind,
    table: file.table,
    partition: file.partition,
    commit: file.commit,
    previous: file.previous,
    depth: file.depth,
    counts: file.counts,
    retired: file.retired.map(([series, archive]) => [series, archive]),
    dead_letter_ids: [...file.deadLetterIds],
    checkpoints: file.checkpoints.map((mark) => ({
      vehicle_id: mark.vehicleId,
      boot_id: mark.bootId,
      seq: mark.seq,
      log_offset: mark.logOffset,
      ends: Object.fromEntries(Object.entries(mark.ends).map(([topic, ends]) => [topic, [...ends]])),
      checkpoint: JSON.stringify(mark.checkpoint),
    })),
  };
  const head = `${JSON.stringify(stored).slice(0, -1)},"series":[`;
  return zstd.compress(Buffer.concat([Buffer.from(head), ...seriesChunks(file.series), Buffer.from("]}")]));
};

/** What is wrong with a ledger file, and the way on. */
export const ledgerInvalid = (key: string, why: string, cause?: unknown): RoadstreamError =>
  new RoadstreamError("table_invalid", `ledger file ${key} ${why}`, {
    ...(cause === undefined ? {} : { cause }),
    hint: "The ledger can be rebuilt from the table's rows: roadstream cloud rebuild TABLE.",
  });

/** Throws `table_invalid` for anything that {@link encodeLedgerFile} did not write. */
export const decodeLedgerFile = (key: string, bytes: Uint8Array, zstd: Zstd): LedgerFile => {
  const plain = zstd.decompress(bytes, MAX_LEDGER_FILE_BYTES);
  if (plain === null) throw ledgerInvalid(key, "is not zstd");
  if (plain === "too_large") throw ledgerInvalid(key, `unpacks to more than ${MAX_LEDGER_FILE_BYTES} bytes`);
  let stored: z.output<typeof schema>;
  try {
    stored = schema.parse(JSON.parse(new TextDecoder().decode(plain)));
  } catch (cause) {
    throw ledgerInvalid(key, "is not one of ours", cause);
  }
  return {
    kind: stored.kind,
    table: stored.table as TableName,
    partition: stored.partition,
    commit: stored.commit,
    previous: stored.previous,
    depth: stored.depth,
    counts: stored.counts,
    series: stored.series.map((series) => ({
      vehicleId: series.vehicle_id,
      bootId: series.boot_id,
      stream: series.stream,
      landed: SeqRanges.of(series.landed),
      rejected: SeqRanges.of(series.rejected),
      lastAppendedAt: series.last_appended_at,
    })),
    retired: stored.retired,
    deadLetterIds: stored.dead_letter_ids,
    checkpoints: stored.checkpoints.map((mark) => {
      const checkpoint = parseCheckpoint(mark.checkpoint);
      if (checkpoint === null) throw ledgerInvalid(key, "holds a checkpoint that cannot be read");
      return {
        vehicleId: mark.vehicle_id,
        bootId: mark.boot_id,
        seq: mark.seq,
        logOffset: mark.log_offset,
        ends: mark.ends,
        checkpoint,
      };
    }),
  };
};
