import { ROOT, jsonOf, textOf } from "./repository.ts";
import { existsSync } from "node:fs";
import { join } from "node:path";

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, { readonly source: string }>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

interface Project {
  readonly references?: readonly { readonly path: string }[];
}

/**
 * What each package, by its folder, may import: shared ← {hardware, agent, gateway, cloud} ← demo ← test; the agent's
 * simulated sources are hardware's bench. Nothing imports cloud/infra: what it makes is templates.
 */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  shared: [],
  hardware: ["shared"],
  agent: ["shared", "hardware"],
  gateway: ["shared"],
  cloud: ["shared"],
  "cloud/infra": ["shared"],
  demo: ["shared", "hardware", "agent", "gateway", "cloud"],
  test: ["shared", "hardware", "agent", "gateway", "cloud", "demo"],
};

export const PACKAGES: readonly string[] = Object.keys(MAY_IMPORT);

/** The package that a file belongs to: the innermost folder that is one; "" for none. */
export const packageOf = (path: string): string =>
  PACKAGES.filter((name) => path.startsWith(`${name}/`)).toSorted((a, b) => b.length - a.length)[0] ?? "";
const SCOPE = "@roadstream/";

export const manifestOf = (packageName: string): Manifest =>
  jsonOf(packageName === "" ? "package.json" : `${packageName}/package.json`) as Manifest;

/** All that a package's manifest asks for, with the version. */
export const dependenciesOf = (packageName: string): ReadonlyMap<string, string> => {
  const { dependencies, devDependencies } = manifestOf(packageName);
  return new Map(Object.entries({ ...dependencies, ...devDependencies }));
};

export const isOurs = (dependency: string): boolean => dependency.startsWith(SCOPE);
export const shortName = (dependency: string): string => dependency.slice(SCOPE.length);

/** The packages that pnpm links together. */
export const workspacePackages = (): readonly string[] =>
  [...textOf("pnpm-workspace.yaml").matchAll(/^ {2}- (\S+)$/gm)].map(([, name = ""]) => name);

/** The projects that a tsconfig refers to, by their packages' names. */
export const referencesOf = (tsconfig: string): readonly string[] =>
  ((jsonOf(tsconfig) as Project).references ?? []).map(({ path }) => path.replaceAll("../", ""));

/** The program of a tool that the root installs. */
export const tool = (name: string): string => {
  const path = join(ROOT, "node_modules/.bin", name);
  if (!existsSync(path)) throw new Error(`${name} is not installed`);
  return path;
};
