import { fileURLToPath } from "node:url";
import { biViews, lakeFactViews, refreshFacts } from "@roadstream/cloud/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pythonWithReaders } from "./install/python-step.ts";
import { LineDialogue } from "./readers/line-dialogue.ts";
import { services } from "./services.ts";

const SCRIPT = fileURLToPath(new URL("./readers/sql_grammar.py", import.meta.url));

/** A judge reads some of these for seconds. */
const PATIENCE_MS = 600_000;

const view = ({ name, select }: { readonly name: string; readonly select: string }): string =>
  `CREATE OR REPLACE VIEW ${name} AS\n${select}`;

describe.skipIf(services("python").skip)("the facts of driving", () => {
  let grammar: LineDialogue;
  beforeAll(() => {
    grammar = new LineDialogue(pythonWithReaders, [SCRIPT]);
  });
  afterAll(() => grammar[Symbol.asyncDispose]());

  test.each([
    ["athena", lakeFactViews("athena").map(view)],
    ["trino", lakeFactViews("athena").map(view)],
    ["duckdb", [...refreshFacts("duckdb", "touched"), ...biViews("duckdb").map(view)]],
    ["redshift", [...refreshFacts("redshift", "touched"), ...biViews("redshift").map(view)]],
  ] as const)(
    "are of the grammar of %s",
    async (dialect, statements) => {
      expect(statements.length).toBeGreaterThan(20);
      for (const sql of statements)
        expect(await grammar.ask<readonly string[]>({ dialect, sql }), sql.slice(0, 80)).toEqual([]);
    },
    PATIENCE_MS,
  );
});
