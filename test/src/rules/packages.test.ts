import { describe, expect, test } from "vitest";
import {
  dependenciesOf,
  isOurs,
  manifestOf,
  MAY_IMPORT,
  packageOf,
  PACKAGES,
  referencesOf,
  shortName,
  workspacePackages,
} from "./packages.ts";
import { CODE, importsOf, jsonOf, sorted, textOf } from "./repository.ts";

const nameOf = (specifier: string): string =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");

test("pnpm, TypeScript and these tests know the same packages", () => {
  expect(workspacePackages()).toEqual(PACKAGES);
  expect(referencesOf("tsconfig.json")).toEqual(PACKAGES);
});

describe.each(PACKAGES)("%s", (name) => {
  const allowed = MAY_IMPORT[name] ?? [];
  const ours = [...dependenciesOf(name).keys()].filter(isOurs).map(shortName);

  test("depends on nothing that depends on it", () => {
    expect(ours.filter((other) => !allowed.includes(other))).toEqual([]);
    expect(sorted(referencesOf(`${name}/tsconfig.json`))).toEqual(sorted(ours));
  });

  test("imports only itself and what its manifest names", () => {
    const declared = dependenciesOf(name);
    const wrong = CODE.filter((path) => packageOf(path) === name).flatMap((path) =>
      importsOf(path)
        .filter((specifier) => !specifier.startsWith("node:") && !specifier.startsWith("."))
        .map(nameOf)
        .filter((imported) => !declared.has(imported) && !dependenciesOf("").has(imported))
        .map((imported) => `${path}: ${imported}`),
    );
    expect(wrong).toEqual([]);
  });

  test("leaves itself by package names, never by a path", () => {
    const wrong = CODE.filter((path) => packageOf(path) === name).flatMap((path) =>
      importsOf(path)
        .filter((specifier) => specifier.startsWith("."))
        .filter((specifier) => {
          const { pathname } = new URL(specifier, `file:///${path}`);
          return !pathname.startsWith(`/${name}/src/`);
        })
        .map((specifier) => `${path}: ${specifier}`),
    );
    expect(wrong).toEqual([]);
  });

  test("has the version of the whole", () => {
    expect(manifestOf(name).version).toBe(manifestOf("").version);
  });
});

test("the agent sends the version of its package", () => {
  expect(textOf("agent/src/agent-version.ts")).toContain(`"${manifestOf("agent").version}"`);
});

const everyDependency = ["", ...PACKAGES].flatMap((name) => [...dependenciesOf(name)]);
const foreign = new Set(everyDependency.map(([name]) => name).filter((name) => !isOurs(name)));

test("one dependency has one version everywhere, and an exact one", () => {
  const versions = new Map<string, Set<string>>();
  for (const [name, version] of everyDependency) {
    if (isOurs(name)) continue;
    expect(version, name).toMatch(/^\d/);
    versions.set(name, (versions.get(name) ?? new Set()).add(version));
  }
  expect([...versions].filter(([, all]) => all.size > 1)).toEqual([]);
});

test("ARCHITECTURE.md says of each dependency why it is here, and of no other", () => {
  const [, section = ""] = textOf("ARCHITECTURE.md").split(/^## Dependencies$/m);
  const rows = (section.split(/^## /m)[0] ?? "").split("\n").filter((line) => line.startsWith("| `"));
  const named = rows.flatMap((row) => {
    const [, first = "", why = ""] = row.split("|");
    expect(why.trim(), row).not.toBe("");
    return [...first.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
  });
  expect(sorted(named)).toEqual(sorted(foreign));
});

/** They compute; whatever else is installed at run time touches the world and belongs in adapters. */
const PURE = new Set(["zod", "yaml", "avsc", "jpeg-js", "nmea-simple", "zstddec"]);

interface LintConfig {
  readonly rules: {
    readonly "no-restricted-imports": readonly [
      string,
      { readonly patterns: readonly { readonly group: readonly string[] }[] },
    ];
  };
}

test("lint keeps every dependency that does I/O in adapters", () => {
  const [, { patterns }] = (jsonOf(".oxlintrc.json") as LintConfig).rules["no-restricted-imports"];
  const kept = patterns.flatMap(({ group }) => group);
  const atRunTime = PACKAGES.flatMap((name) => Object.keys(manifestOf(name).dependencies ?? {}));
  const loose = atRunTime.filter(
    (name) =>
      !isOurs(name) && !PURE.has(name) && !kept.includes(name) && !kept.includes(`${name.split("/")[0]}/*`),
  );
  expect(loose).toEqual([]);
});
