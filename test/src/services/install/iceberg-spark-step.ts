import { join } from "node:path";
import { run, versionedFolder, type InstallStep } from "./step.ts";

export const ICEBERG = "1.9.2";
const ARTIFACT = "iceberg-spark-runtime-3.5_2.12";
const folder = versionedFolder("iceberg-spark", ICEBERG);

/** Spark's side of Iceberg, for `spark-submit --jars`. */
export const icebergSparkJar = join(folder.path, `${ARTIFACT}-${ICEBERG}.jar`);

export const icebergSparkStep: InstallStep = {
  name: "iceberg-spark",
  cost: "seconds, 45 MB",
  needs: ["java", "mvn"],
  runsWith: ["java"],
  missing: folder.missing,
  install: () =>
    folder.fill((draft) =>
      run("mvn", [
        "-q",
        "-B",
        "dependency:copy",
        `-Dartifact=org.apache.iceberg:${ARTIFACT}:${ICEBERG}`,
        `-DoutputDirectory=${draft}`,
      ]),
    ),
};
