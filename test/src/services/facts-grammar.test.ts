import { fileURLToPath } from "node:url";
import { factStatements, forgetMembers, refreshFacts } from "@roadstream/cloud/testing";
import { describe, expect, test } from "vitest";
import { pythonWithReaders } from "./install/python-step.ts";
import { LineDialogue } from "./readers/line-dialogue.ts";
import { services } from "./services.ts";

const SCRIPT = fileURLToPath(new URL("./readers/sql_grammar.py", import.meta.url));

/** A judge reads some of these for seconds. */
const PATIENCE_MS = 600_000;

describe.skipIf(services("python").skip)("the facts of driving", () => {
  // A judge of its own for each, side by side: together they take minutes. DuckDB and Trino run theirs in other tests.
  test.concurrent.each([
    ["athena", factStatements("athena")],
    [
      "redshift",
      [...factStatements("redshift"), ...refreshFacts("redshift", "touched"), ...forgetMembers("redshift")],
    ],
  ] as const)(
    "are of the grammar of %s",
    async (dialect, statements) => {
      await using grammar = new LineDialogue(pythonWithReaders, [SCRIPT]);
      expect(statements.length).toBeGreaterThan(20);
      for (const sql of statements)
        expect(await grammar.ask<readonly string[]>({ dialect, sql }), sql.slice(0, 80)).toEqual([]);
    },
    PATIENCE_MS,
  );
});
