import { DIMENSIONS, FACTS } from "../facts/fact-tables.ts";
import { biViews } from "../facts/fact-views.ts";
import { EVERYTHING, withClauses, withSources } from "../facts/relation.ts";
import { WORDS, type FactDialect } from "../facts/words.ts";

/**
 * All SQL of the facts in a dialect, each part once: a view over a lake repeats the whole chain before it, which a judge of
 * grammar would read again and again. The last one is such a view.
 */
export const factStatements = (dialect: FactDialect): readonly string[] => {
  const words = WORDS[dialect];
  const view = (name: string, select: string): string => `CREATE OR REPLACE VIEW ${name} AS\n${select}`;
  const [first] = FACTS;
  return [
    ...withSources(FACTS.flatMap(({ reads }) => reads)).map(({ name, select }) =>
      view(name, select(words, EVERYTHING)),
    ),
    ...FACTS.map(({ table, select }) => view(table.name, select(words, EVERYTHING))),
    ...DIMENSIONS.map(({ table, keys, select }) => view(table.name, select(words, keys(words)))),
    ...biViews(dialect).map(({ name, select }) => view(name, select)),
    ...(first === undefined
      ? []
      : [view("whole", `${withClauses(first.reads, words, EVERYTHING)}${first.select(words, EVERYTHING)}`)]),
  ];
};
