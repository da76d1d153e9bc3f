import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { icebergAwsJar } from "../install/iceberg-aws-step.ts";
import { icebergSparkJar } from "../install/iceberg-spark-step.ts";
import { pythonWithReaders } from "../install/python-step.ts";
import { LineDialogue } from "./line-dialogue.ts";

const SCRIPT = join(import.meta.dirname, "spark_reader.py");

/** Where Spark finds tables: the name of a catalog in its SQL, and what it has to know of it. */
export interface SparkCatalog {
  readonly name: string;
  readonly jars: readonly string[];
  /** Beneath `spark.sql.catalog.<name>`. */
  readonly settings: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
}

/** Folders of tables on this machine, as the catalog `h`. */
export const hadoopCatalog = (warehouse: string): SparkCatalog => ({
  name: "h",
  jars: [icebergSparkJar],
  settings: { type: "hadoop", warehouse },
  env: {},
});

export interface GlueCatalogPlace {
  readonly glueUrl: string;
  readonly s3Url: string;
  /** Credentials and region. */
  readonly env: Readonly<Record<string, string>>;
}

/** Glue's databases, and tables on S3, as the catalog `g`; both of this machine. */
export const glueCatalog = ({ glueUrl, s3Url, env }: GlueCatalogPlace): SparkCatalog => ({
  name: "g",
  jars: [icebergSparkJar, icebergAwsJar],
  settings: {
    "catalog-impl": "org.apache.iceberg.aws.glue.GlueCatalog",
    "io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
    "glue.endpoint": glueUrl,
    "s3.endpoint": s3Url,
    "s3.path-style-access": "true",
    "client.region": env["AWS_REGION"] ?? "",
  },
  env,
});

/** One Spark with the Iceberg runtime, on one core. */
export class Spark implements AsyncDisposable {
  readonly #dialogue: LineDialogue;
  readonly #scratch: string;

  private constructor(dialogue: LineDialogue, scratch: string) {
    this.#dialogue = dialogue;
    this.#scratch = scratch;
  }

  /** Resolves when it answers. */
  static async start({ name, jars, settings, env }: SparkCatalog): Promise<Spark> {
    const scratch = await mkdtemp(join(tmpdir(), "roadstream-spark-"));
    const catalog = `spark.sql.catalog.${name}`;
    const all = {
      [catalog]: "org.apache.iceberg.spark.SparkCatalog",
      [`${catalog}.cache-enabled`]: "false",
      ...Object.fromEntries(Object.entries(settings).map(([key, value]) => [`${catalog}.${key}`, value])),
    };
    const dialogue = new LineDialogue(
      pythonWithReaders,
      [SCRIPT, jars.join(","), scratch, JSON.stringify(all)],
      { ...process.env, ...env, SPARK_LOCAL_IP: "127.0.0.1" },
    );
    const spark = new Spark(dialogue, scratch);
    try {
      await spark.sql("SELECT 1 AS one");
      return spark;
    } catch (error) {
      await spark[Symbol.asyncDispose]();
      throw error;
    }
  }

  sql(text: string): Promise<readonly Record<string, unknown>[]> {
    return this.#dialogue.ask(text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dialogue[Symbol.asyncDispose]();
    await rm(this.#scratch, { recursive: true, force: true });
  }
}
