/** `npx -y pnpm@12 docs`: writes the SQL scripts and the page that derive from the tables and views. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { factsPage } from "./facts-page.ts";
import { scriptText, SQL_SCRIPTS } from "./sql-scripts.ts";

const FOLDER = new URL("../../../docs/sql/", import.meta.url);

for (const script of SQL_SCRIPTS) {
  const file = fileURLToPath(new URL(script.path, FOLDER));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, scriptText(script));
}

const thresholds = readFileSync(new URL("../facts/thresholds.ts", import.meta.url), "utf8");
writeFileSync(new URL("../facts-tables.md", FOLDER), factsPage(thresholds));
