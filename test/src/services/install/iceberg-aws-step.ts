import { ICEBERG } from "./iceberg-spark-step.ts";
import { mavenJar } from "./maven-jar.ts";

/** What Iceberg in Spark needs beside its runtime to speak with Glue and S3. */
export const { path: icebergAwsJar, step: icebergAwsStep } = mavenJar({
  name: "iceberg-aws",
  cost: "seconds, 60 MB",
  group: "org.apache.iceberg",
  artifact: "iceberg-aws-bundle",
  version: ICEBERG,
});
