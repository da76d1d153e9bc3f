import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { scriptText, SQL_SCRIPTS } from "./sql-scripts.ts";

const FOLDER = new URL("../../../docs/sql/", import.meta.url);

test.each(SQL_SCRIPTS)("docs/sql/$path is current (write it again with: npx -y pnpm@12 docs)", (script) => {
  expect(readFileSync(new URL(script.path, FOLDER), "utf8")).toBe(scriptText(script));
});

test("no script is left that nothing makes", () => {
  const there = globSync("*/*", { cwd: fileURLToPath(FOLDER) });
  expect(there.toSorted()).toEqual(SQL_SCRIPTS.map(({ path }) => path).toSorted());
});
