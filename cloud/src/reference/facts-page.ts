import { BI_VIEWS } from "../facts/fact-views.ts";
import { factTables } from "../facts/fact-tables.ts";
import * as thresholds from "../facts/thresholds.ts";
import type { WarehouseTable } from "../warehouse/warehouse-table.ts";

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.map(cell).join(" | ")} |`).join("\n");

const tableSection = ({ name, comment, columns, identity, sortKey, distKey }: WarehouseTable): string => {
  const lies = distKey === null ? "a copy on every node" : `distributed by \`${distKey}\``;
  return `## ${name}

${comment}

One row per ${identity.map((column) => `\`${column}\``).join(", ")}. In Redshift sorted by ${sortKey
    .map((column) => `\`${column}\``)
    .join(", ")}, ${lies}.

${table(
  ["column", "type", "null", "meaning"],
  columns.map(({ name, type, nullable, comment }) => [
    `\`${name}\``,
    type,
    nullable ? "may be" : "never",
    comment,
  ]),
)}`;
};

/** A comment, and the constants that follow it without another. */
const EXPLAINED = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n((?:export const [^;]+;\n)+)/g;

const VALUES = new Map<string, number>(Object.entries(thresholds));

const plain = (comment: string): string =>
  comment
    .replaceAll(/\n\s*\*/g, "\n")
    .replaceAll(/\s+/g, " ")
    .trim();

/** The numbers of the definitions with their reasons, as thresholds.ts gives them. */
const thresholdRows = (source: string): readonly (readonly string[])[] =>
  [...source.matchAll(EXPLAINED)].flatMap(([, comment = "", constants = ""]) =>
    [...constants.matchAll(/export const (\w+)/g)].map(([, name = ""]) => [
      `\`${name}\``,
      String(VALUES.get(name)),
      plain(comment),
    ]),
  );

/** docs/facts-tables.md: every table, view and threshold of the facts. `source` is the text of thresholds.ts. */
export const factsPage = (source: string): string => `# The facts' tables, views and thresholds

Written by \`npx -y pnpm@12 docs\` from \`cloud/src/facts\`. What trips, stops and the rest are: [facts.md](facts.md).

${factTables.map(tableSection).join("\n\n")}

## Views

${table(
  ["view", "what it answers"],
  BI_VIEWS.map(({ name, doc }) => [`\`${name}\``, doc]),
)}

## Thresholds

The end of a name is its unit: milliseconds, km/h, millimetres, mm/s², per cent.

${table(["name", "value", "why"], thresholdRows(source))}
`;
