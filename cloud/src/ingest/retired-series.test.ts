import { openEventLog, partitionOf, type LogAppend } from "@roadstream/shared/event-log";
import { nodeSha256, nodeZstd } from "@roadstream/shared/adapters";
import { days, logTopics, rejection, unixMillis, uuidV7 } from "@roadstream/shared";
import { expect, test } from "vitest";
import { DuckDbEngine } from "../adapters/duckdb-engine.ts";
import { lakeFilesSql } from "../adapters/duckdb-lake-files.ts";
import { openVerify } from "../adapters/open-verify.ts";
import { refusalValue } from "../dead-letters/refusal.ts";
import { LedgerDelta } from "../ledger/ledger-delta.ts";
import { loadLedger } from "../ledger/load-ledger.ts";
import { PartitionLedger } from "../ledger/partition-ledger.ts";
import { seriesText, type SeriesKey, type SeriesRanges } from "../ledger/series-ranges.ts";
import { localFiles } from "../object-store/local-files.ts";
import { MachineClock } from "../testing/machine-clock.ts";
import { realContext } from "../testing/real-context.ts";
import { TINY_BOOT, tinyLake, tinyRecord, type TinyLake } from "../testing/tiny-lake.ts";
import { verifyLake } from "../verify/verify-lake.ts";
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

const BESIDE = realContext();
/** Their numbers in a ledger file are more than the whole before them, so that the next commit writes a whole. */
const OTHER_BOOTS = 6000;

const fix = (seq: number, bootId = TINY_BOOT): LogAppend =>
  tinyRecord("gps_data", { seq, at: "10:00:00" }, { boot_id: bootId, fix: "3d", latitude: 1, longitude: 2 });

const otherBoots = (count: number): readonly LogAppend[] =>
  Array.from({ length: count }, () => fix(1, uuidV7(BESIDE.clock.now(), BESIDE.random)));

/** Puts records into the log by a clock that is so far ahead. */
const appendAfter = async (tiny: TinyLake, ms: number, records: readonly LogAppend[]): Promise<void> => {
  const clock = new MachineClock(BESIDE.clock);
  clock.jump(ms);
  await using log = await openEventLog(tiny.logSpec, { ...BESIDE, clock });
  await using writer = await log.writer();
  expect((await writer.append(records)).kind).toBe("durable");
};

const ledgerOf = async ({ lake, log }: TinyLake): Promise<PartitionLedger> => {
  const partitions = (await log.partitions(TOPICS.streams.gps_data)) ?? 0;
  const partition = partitionOf(KEY.vehicleId, partitions);
  const head = await lake.tables.gps_data.head();
  const key = head.ingest?.partitions[partition]?.ledger ?? null;
  return loadLedger(lake.store, nodeZstd, { table: "gps_data", partition }, key);
};

const numbersOf = async ({ lake }: TinyLake): Promise<readonly number[]> => {
  await using engine = await DuckDbEngine.open();
  using connection = await engine.connect();
  const table = lake.tables.gps_data;
  const paths = await localFiles(
    lake.store,
    (await table.files(await table.head())).map(({ key }) => key),
  );
  const files = lakeFilesSql(table.definition, paths);
  const rows = await connection.rows(
    `SELECT seq FROM (${files}) WHERE boot_id = '${TINY_BOOT}' ORDER BY seq`,
  );
  return rows.map((row) => Number(row["seq"]));
};

test("good readings of a boot that was silent for 22 days: the one that had landed is a double, the new one lands", async () => {
  await using tiny = await tinyLake();
  await tiny.append([1, 2, 3, 4, 5].map((seq) => fix(seq)));
  await tiny.land();
  for (const count of [OTHER_BOOTS, 1]) {
    await appendAfter(tiny, days(22), otherBoots(count));
    await tiny.land();
  }
  const silent = await ledgerOf(tiny);
  expect([silent.find(KEY), silent.archiveOf(KEY)]).toEqual([null, expect.any(String)]);
  await appendAfter(tiny, days(22), [fix(3), fix(6)]);
  await tiny.land();
  expect(await numbersOf(tiny)).toEqual([1, 2, 3, 4, 5, 6]);
  const spoken = await ledgerOf(tiny);
  expect(spoken.archiveOf(KEY)).toBe(null);
  expect(spoken.find(KEY)?.landed.toJSON()).toEqual([[1, 6]]);
  expect(spoken.counts()).toMatchObject({ landed: OTHER_BOOTS + 7, doubled: 1, rejected: 0 });
  await using context = await openVerify({
    ...BESIDE,
    lake: tiny.lakeSpec,
    catalog: "file",
    log: tiny.logSpec,
  });
  const { clean, totals, problems } = await verifyLake(context, { vehicle: null });
  expect({ clean, landed: totals.landed, doubled: totals.doubled, problems }).toEqual({
    clean: true,
    landed: OTHER_BOOTS + 7,
    doubled: 0,
    problems: [],
  });
});
