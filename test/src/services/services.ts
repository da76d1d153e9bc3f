import { onPath, type InstallStep } from "./install/step.ts";
import { STEPS, type ServiceName } from "./install/steps.ts";

/**
 * For `describe.skipIf(services("kafka").skip)`: whether tests that need these services can run. Where CI=true a
 * missing service is a failure and no skip.
 */
export const services = (
  ...names: readonly ServiceName[]
): { readonly skip: boolean; readonly missing: string | null } => {
  const missing = names.flatMap((name) => {
    const lacks = STEPS[name].missing();
    if (lacks !== null) return [`${name} (${lacks})`];
    const step: InstallStep = STEPS[name];
    return (step.runsWith ?? []).filter((program) => !onPath(program));
  });
  if (missing.length === 0) return { skip: false, missing: null };
  const text = `missing: ${missing.join(", ")}; install with: node --conditions=source test/src/services/install/install.ts ${names.join(" ")}`;
  if (process.env["CI"] === "true") throw new Error(text);
  process.stderr.write(`skipped, ${text}\n`);
  return { skip: true, missing: text };
};
