import { join } from "node:path";
import { outputOf, run, versionedFolder, type InstallStep } from "./step.ts";

const MINIO = "v0.0.0-20260212201848-7aac2a2c5b7c";
const folder = versionedFolder("minio", MINIO);

/** The S3 server whose opinion is asked besides versitygw's. Its licence is the AGPL: a tool of the tests, nothing else. */
export const minioProgram = join(folder.path, "minio");

export const minioStep: InstallStep = {
  name: "minio",
  cost: "6 minutes, half a minute where Go has built it before",
  needs: ["go"],
  missing: folder.missing,
  install: () =>
    folder.fill(async (draft) => {
      const module = `github.com/minio/minio@${MINIO}`;
      await run("go", ["install", module], { env: { GOFLAGS: "-buildvcs=false", GOBIN: draft } });
      if (outputOf(join(draft, "minio"), ["--version"]) === null) throw new Error("built, but does not run");
    }),
};
