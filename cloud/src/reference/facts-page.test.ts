import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as thresholds from "../facts/thresholds.ts";
import { factsPage } from "./facts-page.ts";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");

test("docs/facts-tables.md is current (write it again with: npx -y pnpm@12 docs)", () => {
  expect(read("../../../docs/facts-tables.md")).toBe(factsPage(read("../facts/thresholds.ts")));
});

test("every threshold is on the page with its reason", () => {
  const page = factsPage(read("../facts/thresholds.ts"));
  for (const name of Object.keys(thresholds))
    expect(page).toMatch(new RegExp(`^\\| \`${name}\` \\| \\d.* \\| [A-Z0-9].+ \\|$`, "m"));
});
