/** `npx -y pnpm@12 docs`: writes the pages and schemas that derive from the contract. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { generatedFiles } from "./generated-files.ts";

const DOCS = new URL("../../../docs/", import.meta.url);

for (const { path, text } of generatedFiles((source) =>
  readFileSync(new URL(`../${source}`, import.meta.url), "utf8"),
)) {
  const file = fileURLToPath(new URL(path, DOCS));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
