import { join } from "node:path";
import { ICEBERG } from "./iceberg-spark-step.ts";
import { run, versionedFolder, type InstallStep } from "./step.ts";

const ARTIFACT = "iceberg-aws-bundle";
const folder = versionedFolder("iceberg-aws", ICEBERG);

/** What Iceberg in Spark needs beside its runtime to speak with Glue and S3. */
export const icebergAwsJar = join(folder.path, `${ARTIFACT}-${ICEBERG}.jar`);

export const icebergAwsStep: InstallStep = {
  name: "iceberg-aws",
  cost: "seconds, 60 MB",
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
