import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { MAX_BATCH_ROWS } from "@roadstream/shared";
import type { RunningKafka } from "../../services/kafka.ts";
import type { RunningS3 } from "../../services/run-s3.ts";
import { icebergSparkJar } from "../../services/install/iceberg-spark-step.ts";
import { pythonWithKafka, sparkKafkaJars } from "../../services/install/lake-peers-step.ts";
import { pythonWithReaders } from "../../services/install/python-step.ts";
import type { FilledTopic } from "./fill-topic.ts";
import { measuredRun, type MeasuredRun } from "./measured-run.ts";

const PROGRAM = join(import.meta.dirname, "../../../../bin/roadstream");
const PYTHON_PEER = join(import.meta.dirname, "python_peer.py");
const SPARK_PEER = join(import.meta.dirname, "spark_peer.py");

export interface Ground {
  readonly kafka: RunningKafka;
  readonly s3: RunningS3;
  readonly topic: FilledTopic;
  /** For whatever is no object of the store. */
  readonly scratch: string;
}

/** `cloud run` as anybody starts it: validated, without doubles, exactly once, in a table on S3. */
export const runOurs = async ({ kafka, s3, topic, scratch }: Ground, round: number): Promise<MeasuredRun> => {
  const name = `ours-${round}`;
  const where = ["--log", `kafka://${kafka.brokers}`, "--lake", `s3://${s3.bucket}/${name}`];
  const env = { ...s3.env(), ROADSTREAM_LAKE_CACHE: join(scratch, "cache") };
  const args = ["cloud", "run", ...where, "--group", name, "--until-drained", "--json"];
  const run = await measuredRun(PROGRAM, args, env);
  const tables = run.said["tables"] as Readonly<Record<string, { landed: number; doubled: number }>>;
  const { landed = 0, doubled = 0 } = tables["gps_data"] ?? {};
  if (landed !== topic.readings || landed + doubled !== topic.records)
    throw new Error(`cloud run landed ${landed} and found ${doubled} doubles of ${topic.records} records`);
  return run;
};

/** The short script: into files of a folder, which is less than S3 and a table. */
export const runPython = async ({ kafka, topic, scratch }: Ground, round: number): Promise<MeasuredRun> => {
  const folder = join(scratch, `python-${round}`);
  const args = [PYTHON_PEER, kafka.brokers, topic.topic, String(topic.records), folder];
  const run = await measuredRun(pythonWithKafka, args);
  // A double whose copies lie in two batches stays.
  const rows = Number(run.said["rows"]);
  if (rows < topic.readings || rows > topic.records) throw new Error(`the Python script wrote ${rows} rows`);
  return run;
};

/** Spark on two cores, its state in RocksDB, with as many rows a commit as ours at most, into an Iceberg table on the same S3; a SQLite file is its catalog. */
export const runSpark = async (
  { kafka, s3, topic, scratch }: Ground,
  round: number,
): Promise<MeasuredRun> => {
  const folder = join(scratch, `spark-${round}`);
  await mkdir(folder);
  const env = s3.env();
  const settings = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.local.dir": join(folder, "tmp"),
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.streaming.stateStore.providerClass":
      "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider",
    "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
    "spark.sql.catalog.lake": "org.apache.iceberg.spark.SparkCatalog",
    "spark.sql.catalog.lake.type": "jdbc",
    "spark.sql.catalog.lake.uri": `jdbc:sqlite:${join(folder, "catalog.db")}`,
    "spark.sql.catalog.lake.warehouse": `s3://${s3.bucket}/spark-${round}`,
    "spark.sql.catalog.lake.io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
    "spark.sql.catalog.lake.s3.path-style-access": "true",
    "spark.sql.catalog.lake.s3.endpoint": env["AWS_ENDPOINT_URL_S3"] ?? "",
  };
  const submit = join(await sparkHome(), "bin", "spark-submit");
  const named = Object.entries(settings).flatMap(([name, value]) => ["--conf", `${name}=${value}`]);
  const jars = [icebergSparkJar, ...sparkKafkaJars()].join(",");
  const size = ["--master", "local[2]", "--driver-memory", "2g", "--jars", jars];
  const job = [SPARK_PEER, kafka.brokers, topic.topic, join(folder, "checkpoint"), String(MAX_BATCH_ROWS)];
  const args = [...size, ...named, ...job];
  const run = await measuredRun(submit, args, { ...env, PYSPARK_PYTHON: pythonWithReaders });
  if (run.said["rows"] !== topic.readings)
    throw new Error(`Spark wrote ${JSON.stringify(run.said["rows"])} rows`);
  return run;
};

const sparkHome = async (): Promise<string> => {
  const find = "import json, os, pyspark; print(json.dumps({'home': os.path.dirname(pyspark.__file__)}))";
  const { said } = await measuredRun(pythonWithReaders, ["-c", find]);
  return String(said["home"]);
};
