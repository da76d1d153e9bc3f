import { mavenJar } from "./maven-jar.ts";

export const ICEBERG = "1.9.2";

/** Spark's side of Iceberg. */
export const { path: icebergSparkJar, step: icebergSparkStep } = mavenJar({
  name: "iceberg-spark",
  cost: "seconds, 45 MB",
  group: "org.apache.iceberg",
  artifact: "iceberg-spark-runtime-3.5_2.12",
  version: ICEBERG,
});
