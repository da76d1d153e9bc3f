import { homedir } from "node:os";
import { basename, dirname, extname } from "node:path";
import { describe, expect, test } from "vitest";
import { manifestOf, PACKAGES } from "./packages.ts";
import { CODE, FILES, importsOf, isTest, ROOT, sorted, textOf } from "./repository.ts";

/** The rules of CONTRIBUTING.md that neither TypeScript nor lint can say. Each returns what breaks it. */
const HERE = "test/src/rules/";
const MOST_LINES = 500;
const TEXT = FILES.filter(
  (path) => path !== "pnpm-lock.yaml" && path !== "LICENSE" && !path.startsWith(HERE),
);

const linesOf = (path: string): number => textOf(path).split("\n").length - 1;

const matching = (paths: readonly string[], pattern: RegExp): readonly string[] =>
  paths.flatMap((path) =>
    textOf(path)
      .split("\n")
      .flatMap((line, index) =>
        pattern.test(line) ? [`${path}:${index + 1}: ${line.trim().slice(0, 100)}`] : [],
      ),
  );

describe("files", () => {
  test("are named in kebab-case after what they hold", () => {
    const isKebab = (path: string): boolean => /^[a-z0-9]+(?:[-.][a-z0-9]+)*$/.test(basename(path));
    expect(CODE.filter((path) => !isKebab(path))).toEqual([]);
  });

  test("are no drawers for odds and ends", () => {
    const DRAWER = /^(?:.*-)?(?:utils?|helpers?|common|managers?|misc)$/;
    const parts = (path: string): readonly string[] => path.replace(/\.[a-z.]+$/, "").split("/");
    expect(FILES.filter((path) => parts(path).some((part) => DRAWER.test(part)))).toEqual([]);
    expect(matching(CODE, /\bclass \w*(?:Util|Helper|Manager|Misc)s?\b/)).toEqual([]);
  });

  test(`have at most ${MOST_LINES} lines`, () => {
    const code = FILES.filter((path) => [".ts", ".py", ".sh"].includes(extname(path)));
    expect(code.filter((path) => linesOf(path) > MOST_LINES)).toEqual([]);
  });

  test("are not left unfinished", () => {
    expect(matching(TEXT, /\b(?:TODO|FIXME|XXX|HACK)\b/)).toEqual([]);
  });

  test("name no machine and no maker of theirs", () => {
    const here = [`${ROOT}/`, homedir() === "/" ? ROOT : `${homedir()}/`];
    expect(TEXT.filter((path) => here.some((folder) => textOf(path).includes(folder)))).toEqual([]);
    expect(matching(TEXT, /\/(?:root|Users|work)\//)).toEqual([]);
    expect(
      matching(TEXT, /\b(?:claude|anthropic|openai|chatgpt|copilot|llm)\b|sub-?agent|\bAI[- ]generated/i),
    ).toEqual([]);
  });

  test("are installed from where every reader would find them", () => {
    expect(matching(["pnpm-lock.yaml", "pnpm-workspace.yaml"], /https?:\/\/|tarball:/)).toEqual([]);
  });
});

describe("modules", () => {
  const WIRING = /(?:^|\/)(?:main|index)\.ts$/;

  test("come from adapters/ only through main.ts, a package's index, tests and other adapters", () => {
    const wrong = CODE.filter((path) => !path.includes("/adapters/") && !WIRING.test(path) && !isTest(path))
      .filter((path) => importsOf(path).some((specifier) => /(?:^|\/)adapters(?:\/|$)/.test(specifier)))
      .filter((path) => !path.startsWith("demo/"));
    expect(wrong).toEqual([]);
  });

  test("are in adapters/ under a technology's name and a port's", () => {
    const names = CODE.filter((path) => path.includes("/adapters/")).map(
      (path) => basename(path).split(".")[0] ?? "",
    );
    expect(names.filter((name) => name !== "index" && !name.includes("-"))).toEqual([]);
  });

  test("only pass on others where a package opens itself", () => {
    const opened = new Set(
      PACKAGES.flatMap((name) =>
        Object.values(manifestOf(name).exports ?? {}).map(({ source }) => `${name}/${source.slice(2)}`),
      ),
    );
    const isIndex = (path: string): boolean => basename(path) === "index.ts";
    expect(CODE.filter(isIndex).filter((path) => !opened.has(path))).toEqual([]);
    const PASSED_ON = /^export (?:type )?(?:\*|\{[^}]*\})(?: as \w+)? from "[^"]+";$/gm;
    const barrel = (path: string): boolean => textOf(path).replaceAll(PASSED_ON, "").trim() === "";
    expect(CODE.filter((path) => !isIndex(path) && barrel(path))).toEqual([]);
  });

  test("have no default export", () => {
    const ASKED_FOR = new Set(["vitest.config.ts"]);
    expect(
      matching(
        CODE.filter((path) => !ASKED_FOR.has(path)),
        /^export default\b|\bas default\b/,
      ),
    ).toEqual([]);
  });

  test("are tests that run: none is marked to be skipped or to run alone", () => {
    expect(
      matching(
        CODE.filter((path) => !path.startsWith(HERE)),
        /\b(?:test|it|describe)(?:\.\w+)*\.(?:only|todo|skip|fails)\b/,
      ),
    ).toEqual([]);
  });
});

describe("lists that stand twice", () => {
  test("bin/roadstream starts the programs that pnpm does, and explains each", () => {
    const text = textOf("bin/roadstream");
    const started = [...text.matchAll(/^ {2}([a-z| ]+)\) main=/gm)].flatMap(([, names = ""]) =>
      names.split(" | "),
    );
    const scripts = Object.entries(manifestOf("").scripts ?? {});
    const byPnpm = scripts
      .filter(([, command]) => command.startsWith("bin/roadstream "))
      .map(([name]) => name);
    const explained = [...text.matchAll(/^ {2}([a-z]+) {2,}\S/gm)].map(([, name = ""]) => name);
    expect(sorted(started)).toEqual(sorted(byPnpm));
    expect(sorted(explained)).toEqual(sorted(byPnpm));
  });

  test("each suite of vitest has its script, and each script its suite", () => {
    const suites = [...textOf("vitest.config.ts").matchAll(/^ {6}project\(\s*"(\w+)"/gm)].map(
      ([, name = ""]) => name,
    );
    const scripts = Object.values(manifestOf("").scripts ?? {}).join("\n");
    const run = [...scripts.matchAll(/--project (\w+)/g)].map(([, name = ""]) => name);
    expect(sorted(run)).toEqual(sorted(suites));
    const empty = suites.filter(
      (name) => name !== "unit" && !CODE.some((path) => dirname(path).startsWith(`test/src/${name}`)),
    );
    expect(empty).toEqual([]);
  });
});
