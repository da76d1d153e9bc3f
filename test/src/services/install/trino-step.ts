import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { run, versionedFolder, type InstallStep } from "./step.ts";

const TRINO = "476";
const KEPT = ["lib", "plugin/iceberg", "secrets-plugin"];
const folder = versionedFolder("trino", TRINO);

export const trinoFolder = folder.path;

/** Where Java 24 or newer is: ROADSTREAM_TRINO_JAVA_HOME, or a Temurin 25 of the system; null when there is none. */
export const trinoJava = (): string | null => {
  const named = process.env["ROADSTREAM_TRINO_JAVA_HOME"];
  const system = "/usr/lib/jvm";
  const found = existsSync(system) ? readdirSync(system).filter((name) => /temurin-2[5-9]/.test(name)) : [];
  const homes = named === undefined ? found.map((name) => join(system, name)) : [named];
  return homes.map((home) => join(home, "bin", "java")).find((java) => existsSync(java)) ?? null;
};

/** The engine whose SQL Athena speaks, with the Iceberg connector and nothing else. */
export const trinoStep: InstallStep = {
  name: "trino",
  cost: "some minutes, 820 MB to fetch, 480 MB to keep",
  needs: ["mvn", "tar"],
  missing: () =>
    folder.missing() ?? (trinoJava() === null ? "Java 24 or newer (ROADSTREAM_TRINO_JAVA_HOME)" : null),
  install: () =>
    folder.fill(async (draft) => {
      const archive = join(draft, `trino-server-${TRINO}.tar.gz`);
      await run("mvn", [
        "-q",
        "-B",
        "dependency:copy",
        `-Dartifact=io.trino:trino-server:${TRINO}:tar.gz`,
        `-DoutputDirectory=${draft}`,
      ]);
      const members = KEPT.map((name) => `trino-server-${TRINO}/${name}`);
      await run("tar", ["xzf", archive, "-C", draft, "--strip-components=1", ...members]);
      await run("rm", [archive]);
    }),
};
