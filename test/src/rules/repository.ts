import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "../../..");

/** Made by tools or by running; never written by hand. */
const MADE = new Set(["node_modules", "dist", "coverage", ".git", "roadstream-data"]);

/** Every file of the checkout that people write, by its path from the root. */
export const FILES: readonly string[] = globSync("**/*", {
  cwd: ROOT,
  withFileTypes: true,
  exclude: (entry) => MADE.has(entry.name),
})
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1))
  .concat(globSync(".*{rc.json,ignore}", { cwd: ROOT }), globSync(".ci/*", { cwd: ROOT }))
  .toSorted();

export const textOf = (path: string): string => readFileSync(join(ROOT, path), "utf8");

export const jsonOf = (path: string): unknown => JSON.parse(textOf(path));

export const CODE = FILES.filter((path) => path.endsWith(".ts"));

export const isTest = (path: string): boolean =>
  path.startsWith("test/") || /\.(?:test|contract)\.ts$/.test(path) || path.includes("/testing/");

const IMPORT = /^(?:import|export)\b[^;"']*?\bfrom "([^"]+)"|^import "([^"]+)"|\bimport\("([^"]+)"\)/gm;

/** What a module imports or re-exports, as written. */
export const importsOf = (path: string): readonly string[] =>
  [...textOf(path).matchAll(IMPORT)].map(([, from, bare, dynamic]) => from ?? bare ?? dynamic ?? "");

export const sorted = (texts: Iterable<string>): readonly string[] =>
  [...texts].toSorted((a, b) => (a < b ? -1 : Number(a > b)));
