import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { tool } from "./packages.ts";
import { jsonOf } from "./repository.ts";

/** A copy of the lint settings over files that break them, in a folder of its own: the checkout is not touched. */
const folder = mkdtempSync(join(tmpdir(), "roadstream-lint-"));

beforeAll(() => {
  const settings = jsonOf(".oxlintrc.json") as Record<string, unknown>;
  // Types are not needed for these rules, and here there is no project that would give them.
  delete settings["options"];
  delete settings["$schema"];
  writeFileSync(join(folder, ".oxlintrc.json"), JSON.stringify(settings));
});

afterAll(() => rmSync(folder, { recursive: true }));

const rulesBroken = (path: string, text: string): readonly string[] => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
  const run = spawnSync(tool("oxlint"), ["--format", "json", path], { cwd: folder, encoding: "utf8" });
  const { diagnostics } = JSON.parse(run.stdout) as {
    readonly diagnostics: readonly { readonly code: string }[];
  };
  return diagnostics.map(({ code }) => code);
};

const FILE_SYSTEM = `import { readFileSync } from "node:fs";\nexport const text = readFileSync("x", "utf8");\n`;

test.each([
  ["the file system", FILE_SYSTEM],
  [
    "a library that does I/O",
    `import { connect } from "mqtt";\nexport const client = connect("mqtt://x");\n`,
  ],
  [
    "a scoped library that does I/O",
    `import { DuckDBInstance } from "@duckdb/node-api";\nexport const db = DuckDBInstance.create();\n`,
  ],
  ["an adapter", `import { openLog } from "../adapters/open-log.ts";\nexport const log = openLog();\n`],
])("a pure folder may not import %s", (_, text) => {
  expect(rulesBroken("cloud/src/lake/pure.ts", text)).toEqual(["eslint(no-restricted-imports)"]);
});

test("a pure folder may not set a timer of its own", () => {
  const text = `export const later = (work: () => void): unknown => setTimeout(work, 10);\n`;
  expect(rulesBroken("agent/src/obd/timer.ts", text)).toEqual(["eslint(no-restricted-globals)"]);
});

test("the same import is right in adapters/, in main.ts and in a test", () => {
  for (const path of ["cloud/src/adapters/disk-store.ts", "cloud/src/main.ts", "cloud/src/lake/x.test.ts"])
    expect({ path, broken: rulesBroken(path, FILE_SYSTEM) }).toEqual({ path, broken: [] });
});
