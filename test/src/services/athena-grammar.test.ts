import { fileURLToPath } from "node:url";
import { createAthenaView, LAKE_VIEWS } from "@roadstream/cloud/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pythonWithReaders } from "./install/python-step.ts";
import { LineDialogue } from "./readers/line-dialogue.ts";
import { services } from "./services.ts";

const SCRIPT = fileURLToPath(new URL("./readers/sql_grammar.py", import.meta.url));

describe.skipIf(services("python").skip)("the views in Athena's SQL", () => {
  let grammar: LineDialogue;
  const wrong = (dialect: string, sql: string) => grammar.ask<readonly string[]>({ dialect, sql });
  beforeAll(() => {
    grammar = new LineDialogue(pythonWithReaders, [SCRIPT]);
  });
  afterAll(() => grammar[Symbol.asyncDispose]());

  test.each(["athena", "trino"])("are of the grammar of %s", async (dialect) => {
    for (const view of LAKE_VIEWS)
      expect(await wrong(dialect, createAthenaView(view, "s3://bucket/it's/")), view.name).toEqual([]);
    expect(await wrong(dialect, "CREATE OR REPLACE VIEW v AS SELECT FROM WHERE")).not.toEqual([]);
  });
});
