import { join } from "node:path";
import { run, versionedFolder, type InstallStep } from "./step.ts";

/** One jar from Maven, for `spark-submit --jars`: where it lies, and how it gets there. */
export const mavenJar = (
  jar: Pick<InstallStep, "name" | "cost"> & {
    readonly group: string;
    readonly artifact: string;
    readonly version: string;
  },
): { readonly path: string; readonly step: InstallStep } => {
  const { name, cost, group, artifact, version } = jar;
  const folder = versionedFolder(name, version);
  return {
    path: join(folder.path, `${artifact}-${version}.jar`),
    step: {
      name,
      cost,
      needs: ["java", "mvn"],
      runsWith: ["java"],
      missing: folder.missing,
      install: () =>
        folder.fill((draft) =>
          run("mvn", [
            "-q",
            "-B",
            "dependency:copy",
            `-Dartifact=${group}:${artifact}:${version}`,
            `-DoutputDirectory=${draft}`,
          ]),
        ),
    },
  };
};
