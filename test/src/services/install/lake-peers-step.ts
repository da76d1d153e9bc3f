import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { outputOf, run, versionedFolder, type InstallStep } from "./step.ts";

/** 3.5.7 is the connector of Spark 3.5 that Maven serves; the others are what it and Iceberg 1.9.2 were built with. */
const JARS = [
  "org.apache.spark:spark-sql-kafka-0-10_2.12:3.5.7",
  "org.apache.spark:spark-token-provider-kafka-0-10_2.12:3.5.7",
  "org.apache.kafka:kafka-clients:3.4.1",
  "org.apache.commons:commons-pool2:2.11.1",
  "org.apache.iceberg:iceberg-aws-bundle:1.9.2",
  "org.xerial:sqlite-jdbc:3.46.0.0",
];
const PACKAGES = ["confluent-kafka==2.16.1", "duckdb==2.0.1"];
const VERSION = "spark-sql-kafka 3.5.7, iceberg-aws 1.9.2, confluent-kafka 2.16.1, duckdb 2.0.1";
const folder = versionedFolder("lake-peers", VERSION);
const jarFolder = join(folder.path, "jars");

/** The interpreter of the short script from Kafka to Parquet. */
export const pythonWithKafka = join(folder.path, "bin", "python");

/** What Spark needs beside the Iceberg runtime to read Kafka and to write to S3. */
export const sparkKafkaJars = (): readonly string[] =>
  existsSync(jarFolder) ? readdirSync(jarFolder).map((name) => join(jarFolder, name)) : [];

const dependency = (coordinates: string): string => {
  const [group, artifact, version] = coordinates.split(":");
  const alone = "<exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion>";
  return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version><exclusions>${alone}</exclusions></dependency>`;
};

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>roadstream</groupId><artifactId>lake-peers</artifactId><version>1</version>
  <dependencies>
    ${JARS.map(dependency).join("\n    ")}
  </dependencies>
</project>
`;

/** Those that the lake's benchmark is measured against: Spark's way from Kafka to S3, and a script's. */
export const lakePeersStep: InstallStep = {
  name: "lake-peers",
  cost: "a minute, 190 MB",
  needs: ["mvn", "python3", "java"],
  runsWith: ["java"],
  missing: folder.missing,
  install: async () => {
    // Scripts in a venv name its place: it is made where it stays, and the stamp comes last.
    await run("python3", ["-m", "venv", "--clear", folder.path]);
    await run(pythonWithKafka, ["-m", "pip", "install", "-q", "--no-input", ...PACKAGES]);
    writeFileSync(join(folder.path, "pom.xml"), POM);
    await run("mvn", ["-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=jars"], {
      cwd: folder.path,
    });
    if (outputOf(pythonWithKafka, ["-c", "import confluent_kafka, duckdb"]) === null)
      throw new Error("installed, but Python does not find its packages");
    if (sparkKafkaJars().length !== JARS.length)
      throw new Error(`installed, but the jars are ${sparkKafkaJars().join()}`);
    folder.stamp();
  },
};
