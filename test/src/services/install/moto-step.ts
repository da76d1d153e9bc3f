import { join } from "node:path";
import { outputOf, run, versionedFolder, type InstallStep } from "./step.ts";

const MOTO = "5.2.5";
const folder = versionedFolder("moto", MOTO);

/** The stand-in of AWS's control planes. */
export const motoServer = join(folder.path, "bin", "moto_server");

export const motoStep: InstallStep = {
  name: "moto",
  cost: "seconds, 140 MB",
  needs: ["python3"],
  missing: folder.missing,
  install: async () => {
    await run("python3", ["-m", "venv", "--clear", folder.path]);
    const pip = join(folder.path, "bin", "python");
    await run(pip, [
      "-m",
      "pip",
      "install",
      "-q",
      "--no-input",
      `moto==${MOTO}`,
      "flask",
      "flask-cors",
      "pyparsing",
      "PyYAML",
    ]);
    if (outputOf(motoServer, ["--help"]) === null) throw new Error("installed, but does not run");
    folder.stamp();
  },
};
