import { join } from "node:path";
import { outputOf, run, versionedFolder, type InstallStep } from "./step.ts";

const VERSITYGW = "v1.8.0";
const folder = versionedFolder("versitygw", VERSITYGW);

/** The S3 server whose create-only puts have exactly one winner. */
export const versitygwProgram = join(folder.path, "versitygw");

export const versitygwStep: InstallStep = {
  name: "versitygw",
  cost: "4 minutes, 84 MB",
  needs: ["go"],
  missing: folder.missing,
  install: () =>
    folder.fill(async (draft) => {
      const module = `github.com/versity/versitygw/cmd/versitygw@${VERSITYGW}`;
      await run("go", ["install", module], { env: { GOFLAGS: "-buildvcs=false", GOBIN: draft } });
      if (outputOf(join(draft, "versitygw"), ["--version"]) === null)
        throw new Error("built, but does not run");
    }),
};
