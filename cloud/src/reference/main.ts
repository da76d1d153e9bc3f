/** `npx -y pnpm@12 docs`: writes the SQL scripts that derive from the tables and views. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { scriptText, SQL_SCRIPTS } from "./sql-scripts.ts";

const FOLDER = new URL("../../../docs/sql/", import.meta.url);

for (const script of SQL_SCRIPTS) {
  const file = fileURLToPath(new URL(script.path, FOLDER));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, scriptText(script));
}
