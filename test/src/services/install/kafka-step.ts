import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run, versionedFolder, type InstallStep } from "./step.ts";

const KAFKA = "4.4.0";
const SLF4J = "1.7.36";
const folder = versionedFolder("kafka", KAFKA);

/** The class path of the broker's jars. */
export const kafkaClassPath = join(folder.path, "lib", "*");

const dependency = (group: string, artifact: string, version: string): string =>
  `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>roadstream</groupId><artifactId>kafka</artifactId><version>1</version>
  <dependencies>
    ${dependency("org.apache.kafka", "kafka_2.13", KAFKA)}
    ${dependency("org.slf4j", "slf4j-simple", SLF4J)}
  </dependencies>
</project>
`;

/** Apache Kafka's own jars from Maven; Maven checks their checksums. */
export const kafkaStep: InstallStep = {
  name: "kafka",
  cost: "half a minute, 43 MB",
  needs: ["java", "mvn"],
  runsWith: ["java"],
  missing: folder.missing,
  install: () =>
    folder.fill(async (draft) => {
      writeFileSync(join(draft, "pom.xml"), POM);
      const copy = ["dependency:copy-dependencies", "-DincludeScope=runtime", "-DoutputDirectory=lib"];
      await run("mvn", ["-q", "-B", ...copy], { cwd: draft });
      const jars = readdirSync(join(draft, "lib"));
      if (!jars.includes(`kafka_2.13-${KAFKA}.jar`))
        throw new Error(`kafka_2.13-${KAFKA}.jar is not among ${jars.join()}`);
    }),
};
