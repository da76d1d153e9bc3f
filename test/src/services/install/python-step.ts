import { join } from "node:path";
import { outputOf, run, versionedFolder, type InstallStep } from "./step.ts";

const PACKAGES = ["pyiceberg[pyarrow]>=0.12,<0.13", "duckdb>=1.4", "pyspark==3.5.4", "sqlfluff==4.5.0"];
const folder = versionedFolder("python", "pyiceberg 0.12, pyspark 3.5.4, sqlfluff 4.5.0");

/** The interpreter that has the readers of other makes: pyiceberg, pyarrow, DuckDB, pyspark; and sqlfluff, for grammars. */
export const pythonWithReaders = join(folder.path, "bin", "python");

const IMPORTS =
  "import pyiceberg, pyarrow, duckdb, pyspark, sqlfluff; print(pyiceberg.__version__, pyspark.__version__)";

export const pythonStep: InstallStep = {
  name: "python",
  cost: "a minute, 900 MB",
  needs: ["python3"],
  runsWith: ["java"],
  missing: () =>
    folder.missing() ?? (outputOf(pythonWithReaders, ["-c", IMPORTS]) === null ? "its packages" : null),
  install: async () => {
    // Scripts in a venv name its place: it is made where it stays, and the stamp comes last.
    await run("python3", ["-m", "venv", "--clear", folder.path]);
    await run(pythonWithReaders, ["-m", "pip", "install", "-q", "--no-input", ...PACKAGES]);
    const found = outputOf(pythonWithReaders, ["-c", IMPORTS]);
    if (found === null || !/^0\.12\.\d+ 3\.5\.4/.test(found))
      throw new Error(`installed, but not usable: ${found ?? ""}`);
    folder.stamp();
  },
};
