import { serviceFolder } from "./service-folder.ts";
import { onPath, say } from "./step.ts";
import { STEPS, USUAL, type ServiceName } from "./steps.ts";

/**
 * Installs what the services suite needs and this machine lacks:
 * `node --conditions=source test/src/services/install/install.ts [NAME …|all]`. Doing it again does nothing.
 */
const isName = (name: string): name is ServiceName => Object.hasOwn(STEPS, name);

const wanted = (args: readonly string[]): readonly ServiceName[] => {
  if (args.length === 0) return USUAL;
  if (args.includes("all")) return Object.keys(STEPS).filter(isName);
  const unknown = args.filter((name) => !isName(name));
  if (unknown.length > 0)
    throw new Error(`no such service: ${unknown.join(", ")}; there are ${Object.keys(STEPS).join(", ")}`);
  return args.filter(isName);
};

const installOne = async (name: ServiceName): Promise<boolean> => {
  const step = STEPS[name];
  const missing = step.missing();
  if (missing === null) {
    say(`${name}: there`);
    return true;
  }
  const lacking = step.needs.filter((program) => !onPath(program));
  if (lacking.length > 0) {
    say(`${name}: cannot be installed, this machine has no ${lacking.join(", ")}`);
    return false;
  }
  say(`${name}: installing ${missing} (${step.cost})`);
  const began = performance.now();
  try {
    await step.install();
  } catch (error) {
    say(`${name}: failed: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
  say(`${name}: installed in ${Math.round((performance.now() - began) / 1000)} s`);
  return true;
};

say(`services are kept in ${serviceFolder()}`);
try {
  for (const name of wanted(process.argv.slice(2))) {
    if (!(await installOne(name))) process.exitCode = 1;
  }
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}
