import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MAY_IMPORT, referencesOf, tool } from "./packages.ts";
import { ROOT } from "./repository.ts";

/**
 * Builds modules as if they stood in the package: in a folder below the package's own, which git does not see, with the
 * package's settings and references. Returns each module's errors.
 */
const build = (
  packageName: string,
  modules: Readonly<Record<string, string>>,
): ReadonlyMap<string, string> => {
  const dist = join(ROOT, packageName, "dist");
  mkdirSync(dist, { recursive: true });
  const folder = mkdtempSync(join(dist, "one-way-"));
  try {
    mkdirSync(join(folder, "src"));
    for (const [name, text] of Object.entries(modules))
      writeFileSync(join(folder, "src", `${name}.ts`), text);
    const settings = {
      extends: "../../tsconfig.json",
      // What it finds by a path stands outside the root: emitted, it would lie beside its source.
      compilerOptions: {
        rootDir: "src",
        outDir: "out",
        tsBuildInfoFile: "out/.tsbuildinfo",
        noEmitOnError: true,
      },
      include: ["src"],
      references: referencesOf(`${packageName}/tsconfig.json`).map((name) => ({ path: `../../../${name}` })),
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(settings));
    const run = spawnSync(tool("tsc"), ["-b", folder, "--pretty", "false"], { encoding: "utf8" });
    const errors = [...run.stdout.matchAll(/one-way-\w+\/src\/([\w-]+)\.ts\(\d+,\d+\): error (TS\d+)/g)];
    const found = new Map(Object.keys(modules).map((name) => [name, ""]));
    for (const [, name = "", code = ""] of errors) found.set(name, `${found.get(name) ?? ""} ${code}`.trim());
    return found;
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const CANNOT_FIND_MODULE = "TS2307";
const OUTSIDE_THE_PROJECT = /TS6059|TS6307|TS2307/;
const LIBRARIES = ["shared", "hardware", "agent", "gateway", "cloud"] as const;

test.each(LIBRARIES)("%s can import what stands below it, and nothing beside or above it", (name) => {
  const allowed = MAY_IMPORT[name] ?? [];
  const forbidden = ["agent", "gateway", "cloud"].filter(
    (other) => other !== name && !allowed.includes(other),
  );
  const below = Object.fromEntries(
    allowed.map((other) => [`below-${other}`, `export * from "@roadstream/${other}";\n`]),
  );
  const byName = Object.fromEntries(
    forbidden.map((other) => [`name-${other}`, `export * from "@roadstream/${other}";\n`]),
  );
  const byPath = Object.fromEntries(
    forbidden.map((other) => [`path-${other}`, `export * from "../../../../${other}/src/ports.ts";\n`]),
  );
  const errors = build(name, { ...below, ...byName, ...byPath });
  for (const module of Object.keys(below)) expect(errors.get(module), module).toBe("");
  for (const module of Object.keys(byName)) expect(errors.get(module), module).toContain(CANNOT_FIND_MODULE);
  for (const module of Object.keys(byPath)) expect(errors.get(module), module).toMatch(OUTSIDE_THE_PROJECT);
});
