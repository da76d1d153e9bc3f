import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { S3_VARIABLES } from "./s3-variables.ts";

test("docs/s3.md lists the variables as the program knows them", () => {
  const text = readFileSync(join(import.meta.dirname, "../../../docs/s3.md"), "utf8");
  const rows = [...text.matchAll(/^\| `([A-Z0-9_]+)` \| (.*) \|$/gm)].map(([, name, says]) => [name, says]);
  expect(rows).toEqual(Object.entries(S3_VARIABLES));
});
