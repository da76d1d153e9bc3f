import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

export type Corpus =
  | { readonly kind: "found"; readonly folder: string }
  /** No corpus was asked for and none lies beside the checkout. */
  | { readonly kind: "absent"; readonly message: string };

const BESIDE_THE_CHECKOUT = join(import.meta.dirname, "../../../../shared/data");

const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory();

/** Where the real receivers' logs are. A variable that names no folder is a mistake, not a reason to skip. */
export const findCorpus = (variable: string | undefined): Corpus => {
  if (variable !== undefined && variable !== "") {
    if (!isFolder(join(variable, "nmea")))
      throw new Error(`ROADSTREAM_CORPUS names ${variable}, which has no folder nmea`);
    return { kind: "found", folder: variable };
  }
  if (isFolder(join(BESIDE_THE_CHECKOUT, "nmea"))) return { kind: "found", folder: BESIDE_THE_CHECKOUT };
  return { kind: "absent", message: "no corpus: set ROADSTREAM_CORPUS to a folder that has nmea/**/*.log" };
};

/** All logs under `nmea/`, by their path relative to it. */
export const corpusLogs = (folder: string): readonly string[] =>
  readdirSync(join(folder, "nmea"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".log"))
    .sort();
