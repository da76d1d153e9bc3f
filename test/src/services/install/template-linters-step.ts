import { join } from "node:path";
import { outputOf, run, versionedFolder, type InstallStep } from "./step.ts";

const CFN_LINT = "1.58.0";
const PARLIAMENT = "1.6.4";
const folder = versionedFolder("template-linters", `cfn-lint ${CFN_LINT}, parliament ${PARLIAMENT}`);

/** Knows CloudFormation's resources, their properties and values. */
export const cfnLint = join(folder.path, "bin", "cfn-lint");
/** The interpreter that has parliament, which knows IAM's actions, their resources and condition keys. */
export const pythonWithParliament = join(folder.path, "bin", "python");

export const templateLintersStep: InstallStep = {
  name: "template-linters",
  cost: "a minute, 230 MB",
  needs: ["python3"],
  missing: folder.missing,
  install: async () => {
    await run("python3", ["-m", "venv", "--clear", folder.path]);
    const packages = [`cfn-lint==${CFN_LINT}`, `parliament==${PARLIAMENT}`, "setuptools<81"];
    await run(pythonWithParliament, ["-m", "pip", "install", "-q", "--no-input", ...packages]);
    const found = outputOf(pythonWithParliament, [
      "-W",
      "ignore",
      "-c",
      "import cfnlint, parliament; print('both')",
    ]);
    if (found === null || !found.includes("both")) throw new Error("installed, but does not run");
    folder.stamp();
  },
};
