import { partitionOf } from "@roadstream/shared/event-log";
import { nodeSha256 } from "@roadstream/shared/adapters";
import { logTopics, rejection, unixMillis } from "@roadstream/shared";
import { expect, test } from "vitest";
import { refusalValue } from "../dead-letters/refusal.ts";
import { LedgerDelta } from "../ledger/ledger-delta.ts";
import { PartitionLedger } from "../ledger/partition-ledger.ts";
import { seriesText, type SeriesKey, type SeriesRanges } from "../ledger/series-ranges.ts";
import { TINY_BOOT, tinyRecord } from "../testing/tiny-lake.ts";
import { RawBatch } from "./raw-batch.ts";
import { stageDeadLetters } from "./stage-dead-letters.ts";
import { stageStream } from "./stage-stream.ts";
import type { StagedBatch, StageOptions } from "./staged-batch.ts";

const PARTITIONS = 1;
const TOPICS = logTopics({});
const KEY: SeriesKey = { vehicleId: "car-1", bootId: TINY_BOOT, stream: "gps_data" };
const ARCHIVE = "ledger/archive";
const APPENDED = unixMillis(1_800_000_000_000);

/** A ledger in which the series has been silent for long: its ranges are in the archive alone. */
const retired = (fill: (series: SeriesRanges) => void) => {
  const delta = new LedgerDelta();
  fill(delta.of(KEY));
  const ledger = new PartitionLedger();
  ledger.apply(delta);
  const archived = [...ledger.series()];
  ledger.retire(archived, ARCHIVE);
  return { ledger, archived };
};

/** Stages twice, as the judge does: the second time with what the first one asked for. */
const stageRecalled = (
  topic: string,
  value: string,
  { ledger, archived }: ReturnType<typeof retired>,
  stage: (options: StageOptions) => StagedBatch,
): StagedBatch => {
  const raw = new RawBatch();
  const slice = { topic, partition: 0, offsets: [7], appendedAt: [APPENDED], headers: null };
  raw.add({ ...slice, keys: ["car-1"], values: [value] }, 0);
  const options = (recalled: StageOptions["recalled"]): StageOptions => ({
    raw,
    ledgers: new Map([[0, ledger]]),
    partitionCount: PARTITIONS,
    lane: "fast",
    quarantined: new Set(),
    recalled,
    lettersFound: new Set(),
    uuid: () => "uuid",
    sha256: nodeSha256,
  });
  expect(stage(options(new Map())).recalls).toEqual(new Map([[seriesText(KEY), ARCHIVE]]));
  const staged = stage(options(new Map(archived.map((one) => [seriesText(one), one]))));
  expect(staged.recalls.size).toBe(0);
  return staged;
};

const apply = (ledger: PartitionLedger, staged: StagedBatch): SeriesRanges | null => {
  ledger.apply(staged.partitions.get(0)?.delta ?? new LedgerDelta());
  return ledger.find(KEY);
};

test("a boot that is heard of again by a refused reading keeps all that has landed of it", () => {
  expect(partitionOf(KEY.vehicleId, PARTITIONS)).toBe(0);
  const long = retired((series) => series.landed.add(1, 100));
  const wrong = tinyRecord(
    "gps_data",
    { seq: 101, at: "10:00:00.000" },
    { fix: "3d", latitude: 91, longitude: 2 },
  );
  const staged = stageRecalled(TOPICS.streams.gps_data, wrong.value, long, (options) =>
    stageStream("gps_data", { ...options, lane: "slow" }),
  );
  expect(staged.refusals.length).toBe(1);
  const series = apply(long.ledger, staged);
  expect([...(series?.landed ?? [])]).toEqual([[1, 100]]);
  expect([...(series?.rejected ?? [])]).toEqual([[101, 101]]);
  expect(series?.lastAppendedAt).toBe(APPENDED);
});

test("a boot whose readings are refused again after long keeps the refusals of before", () => {
  const long = retired((series) => series.rejected.add(7));
  const letter = refusalValue(
    {
      partition: 0,
      offset: 1,
      key: "car-1",
      value: "bytes",
      rejection: rejection("out_of_range", "latitude"),
      claim: { ...KEY, stream: "gps_data", seqFrom: 900, seqTo: 900 },
    },
    { logIdentity: "log", topic: TOPICS.streams.gps_data, now: APPENDED, sha256: nodeSha256 },
  );
  const staged = stageRecalled(TOPICS.deadLetters, letter, long, (options) =>
    stageDeadLetters({ ...options, logIdentity: "log", now: APPENDED }),
  );
  expect([...(apply(long.ledger, staged)?.rejected ?? [])]).toEqual([
    [7, 7],
    [900, 900],
  ]);
});
