import type { Values } from "@roadstream/shared";
import { EXIT_CODES, runProcess, type ExitCode, type ProcessContext } from "@roadstream/shared/adapters";
import { AthenaEngine } from "../../adapters/athena-engine.ts";
import { sayToPeople } from "../../adapters/open-output.ts";
import { openStore } from "../../adapters/open-store.ts";
import { lakeFactViews } from "../../facts/fact-views.ts";
import { objectsAt } from "../../object-store/objects-at.ts";
import { createAthenaView, replaceView } from "../../views/athena-views.ts";
import { LAKE_VIEWS } from "../../views/lake-views.ts";
import { VIEWS_COMMAND } from "./config.ts";

const run = async (
  values: Values<typeof VIEWS_COMMAND.options>,
  context: ProcessContext,
): Promise<ExitCode> => {
  // Asked for its name only.
  await using store = openStore(values.lake, context).store;
  const statements = [
    ...LAKE_VIEWS.map((view) => ({ ...view, sql: createAthenaView(view, objectsAt(store)) })),
    ...lakeFactViews("athena").map((view) => ({ ...view, sql: replaceView(view) })),
  ];
  if (values.create) {
    await using engine = await AthenaEngine.open(values, { ...context, note: () => undefined });
    for (const { name, sql } of statements) {
      await engine.run(sql);
      sayToPeople(`made ${name}`);
    }
  }
  const views = statements.map(({ name, sql }) => ({ name, sql }));
  if (values.json) context.print(`${JSON.stringify({ ok: true, created: values.create, views })}\n`);
  else if (!values.create) for (const { doc, sql } of statements) context.print(`-- ${doc}\n${sql};\n\n`);
  return EXIT_CODES.done;
};

export const start = (argv: readonly string[]): Promise<never> =>
  runProcess({ stage: "cloud", command: VIEWS_COMMAND, argv, main: run });
