/** `npx -y pnpm@12 infra`: writes the CloudFormation templates. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { roadstreamApp } from "./app.ts";
import { templatesOf } from "./templates.ts";

const FOLDER = new URL("../templates/", import.meta.url);

const scratch = mkdtempSync(join(tmpdir(), "roadstream-infra-"));
try {
  mkdirSync(FOLDER, { recursive: true });
  const app = roadstreamApp({ outdir: scratch, isChecked: true });
  for (const { name, text } of templatesOf(app)) writeFileSync(new URL(name, FOLDER), text);
} finally {
  rmSync(scratch, { recursive: true });
}
