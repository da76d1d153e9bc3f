import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RoadstreamError } from "@roadstream/shared";
import { startKafka } from "../services/kafka.ts";
import { services } from "../services/services.ts";
import { startVersitygw } from "../services/versitygw.ts";
import { runOurs, runPython, runSpark, type Ground } from "./lake/contenders.ts";
import { measureInChild } from "./child.ts";
import type { CommitTime } from "./lake/commit-time.ts";
import { fillTopic } from "./lake/fill-topic.ts";
import { measureFlatMemory, type FlatMemory } from "./lake/flat-memory.ts";
import { median } from "./measure.ts";

interface Judged {
  /** Rows per CPU-second. */
  readonly theirs: number;
  readonly ratio: number;
  readonly target: number;
  readonly ok: boolean;
}

export interface LakeBench {
  readonly name: "lake";
  readonly unit: "records per CPU-second";
  /** `cloud run --until-drained` from Kafka into an Iceberg table on versitygw, with the start of the process. */
  readonly ours: number;
  /** Structured Streaming, local[2], the same parse, dedupe and layout; `withoutStart`: against Spark once it is up. */
  readonly spark: Judged & { readonly withoutStart: { readonly theirs: number; readonly ratio: number } };
  /** confluent-kafka and DuckDB into a folder: no validation, no offsets, no table. */
  readonly python: Judged;
  /** Of one table, one after the other, rows left out: what workers of a table wait for each other. */
  readonly commit: CommitTime;
  readonly memory: FlatMemory;
  readonly ok: boolean;
  readonly records: number;
  readonly doubles: number;
  readonly bytesPerRecord: number;
  readonly rounds: readonly Round[];
}

/** CPU-seconds of all processes of a contender; those of Kafka and S3 are nobody's. */
interface Round {
  readonly ours: number;
  readonly python: number;
  readonly spark: number;
  readonly sparkWithoutStart: number;
}

const TARGET_SPARK = 8;
const TARGET_PYTHON = 0.5;
const READINGS = 1_000_000;
const ROUNDS = 3;

const COMMIT_TIME = new URL("lake/commit-time.ts", import.meta.url);

const oneRound = async (ground: Ground, round: number): Promise<Round> => {
  const ours = await runOurs(ground, round);
  const python = await runPython(ground, round);
  const spark = await runSpark(ground, round);
  return {
    ours: ours.cpuSeconds,
    python: python.cpuSeconds,
    spark: spark.cpuSeconds,
    sparkWithoutStart: Number(spark.said["without_start_s"]),
  };
};

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

export const lakeLacks = (): string | null =>
  services("kafka", "versitygw", "python", "iceberg-spark", "lake-peers").missing;

/** Each in turn in every round, on the same Kafka and the same records, so that a noisy machine is noisy for all. */
export const benchLake = async (): Promise<LakeBench> => {
  const missing = lakeLacks();
  if (missing !== null) throw new RoadstreamError("usage", `the lake's benchmark cannot run: ${missing}`);
  const scratch = await mkdtemp(join(tmpdir(), "bench-lake-"));
  const rounds: Round[] = [];
  let topic: Ground["topic"];
  let commit: CommitTime;
  try {
    await using kafka = await startKafka();
    await using s3 = await startVersitygw();
    const env = { ...s3.env(), ROADSTREAM_LAKE_CACHE: join(scratch, "cache") };
    commit = await measureInChild<CommitTime>(COMMIT_TIME, [`s3://${s3.bucket}/commits`], [], env);
    topic = await fillTopic(`kafka://${kafka.brokers}`, READINGS);
    for (let round = 0; round < ROUNDS; round += 1)
      rounds.push(await oneRound({ kafka, s3, topic, scratch }, round));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  const memory = await measureFlatMemory();
  const { records, readings, bytesPerRecord } = topic;
  const rate = (seconds: (round: Round) => number): number =>
    Math.round(records / median(rounds.map(seconds)));
  const ratio = (seconds: (round: Round) => number): number =>
    rounded(median(rounds.map((round) => seconds(round) / round.ours)), 3);
  const judge = (seconds: (round: Round) => number, target: number): Judged => {
    const reached = ratio(seconds);
    return { theirs: rate(seconds), ratio: reached, target, ok: reached >= target };
  };
  const spark = judge((round) => round.spark, TARGET_SPARK);
  const python = judge((round) => round.python, TARGET_PYTHON);
  const up = (round: Round): number => round.sparkWithoutStart;
  return {
    name: "lake",
    unit: "records per CPU-second",
    ours: rate((round) => round.ours),
    spark: { ...spark, withoutStart: { theirs: rate(up), ratio: ratio(up) } },
    python,
    commit,
    memory,
    ok: spark.ok && python.ok && memory.ok,
    records,
    doubles: records - readings,
    bytesPerRecord,
    rounds,
  };
};
