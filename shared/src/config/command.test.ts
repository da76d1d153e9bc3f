import { expect, test } from "vitest";
import { z } from "zod";
import { COMMON_OPTIONS, defineCommand, parseCommand } from "./command.ts";
import { durationText, maybe, secret, setting, toggle, wholeText } from "./option.ts";
import { redactUrl } from "./redact-url.ts";

const command = defineCommand({
  name: "roadstream probe",
  summary: "for this test",
  options: {
    ...COMMON_OPTIONS,
    vehicle: setting(z.string().regex(/^[a-z]+$/, "must be lower-case letters"), {
      help: "Which.",
      placeholder: "ID",
    }),
    every: setting(durationText, { help: "How often.", default: "30s" }),
    workers: maybe(wholeText(1, 9), { help: "How many." }),
    restart: toggle({ help: "Start again.", on: true }),
    password: secret({ help: "The broker's.", env: "MQTT_PASSWORD" }),
  },
});

const parse = (argv: string[], env: Record<string, string> = {}, file = "") =>
  parseCommand(command, { argv, env, readFile: () => file });

test("a flag wins over the environment, that over the file, that over the default", () => {
  const file = "vehicle: file\nevery: 5m\nworkers: 3\n";
  const run = parse(
    ["--vehicle", "flag", "--config", "x.yaml"],
    { ROADSTREAM_VEHICLE: "env", ROADSTREAM_EVERY: "2h" },
    file,
  );
  expect(run).toMatchObject({
    kind: "run",
    values: { vehicle: "flag", every: 7_200_000, workers: 3, restart: true, password: null },
  });
});

test("all problems are told at once, each with its flag", () => {
  const wrong = parse(["--every", "soon", "--workers=11", "--vehicel", "x", "extra"]);
  expect(wrong.kind).toBe("wrong");
  if (wrong.kind !== "wrong") return;
  expect(wrong.problems.join("\n")).toMatch(/unknown option --vehicel; did you mean --vehicle\?/);
  expect(wrong.problems.join("\n")).toMatch(/--every: "soon" is not a duration/);
  expect(wrong.problems.join("\n")).toMatch(/--workers: "11" is not a whole number from 1 to 9/);
  expect(wrong.problems.join("\n")).toMatch(/--vehicle: is required/);
  expect(wrong.problems.join("\n")).toMatch(/unexpected argument "extra"|unexpected argument "x"/);
});

test("a secret is no flag, comes from its variable, and is not in --help's options", () => {
  expect(parse(["--vehicle", "a", "--password", "hunter2"])).toEqual({
    kind: "wrong",
    problems: ["--password: is a secret, which others can read in a command line; give MQTT_PASSWORD"],
  });
  expect(JSON.stringify(parse(["--vehicle", "a", "--password=hunter2"]))).not.toContain("hunter2");
  expect(parse(["--vehicle", "a"], { MQTT_PASSWORD: "p" })).toMatchObject({ values: { password: "p" } });
  const help = parse(["--help"]);
  expect(help).toMatchObject({ kind: "help" });
  expect(help.kind === "help" && help.text).toContain("MQTT_PASSWORD");
  expect(help.kind === "help" && help.text).not.toContain("--password");
});

test("further arguments are taken only by a command that names them", () => {
  const many = defineCommand({ ...command, positionals: ["FIRST"], rest: "MORE" });
  const given = (...argv: string[]) =>
    parseCommand(many, { argv: ["--vehicle", "a", ...argv], env: {}, readFile: () => "" });
  expect(given("x", "y", "z")).toMatchObject({ kind: "run", positionals: ["x", "y", "z"] });
  expect(given("x")).toMatchObject({ kind: "run", positionals: ["x"] });
  expect(given()).toMatchObject({ kind: "wrong", problems: ["missing FIRST"] });
  const help = given("--help");
  expect(help.kind === "help" && help.text).toContain("roadstream probe FIRST [MORE …] [options]");
});

test("switches: --no-x, true and false from elsewhere, given twice", () => {
  expect(parse(["--vehicle", "a", "--no-restart"])).toMatchObject({ values: { restart: false } });
  expect(parse(["--vehicle", "a"], { ROADSTREAM_RESTART: "false" })).toMatchObject({
    values: { restart: false },
  });
  expect(parse(["--vehicle", "a", "--restart", "--no-restart"]).kind).toBe("wrong");
});

test("a file's unknown key and wrong shape are errors", () => {
  expect(parse(["--vehicle", "a", "--config", "x"], {}, "vehicles: b")).toMatchObject({ kind: "wrong" });
  expect(parse(["--vehicle", "a", "--config", "x"], {}, "- a")).toMatchObject({ kind: "wrong" });
});

test("a command may take any number of words at its end", () => {
  const several = defineCommand({
    name: "several",
    summary: "s",
    options: {},
    positionals: ["FIRST"],
    rest: "MORE",
  });
  const run = (argv: readonly string[]) => parseCommand(several, { argv, env: {}, readFile: () => "" });
  expect(run(["a", "b", "c"])).toMatchObject({ kind: "run", positionals: ["a", "b", "c"] });
  expect(run(["a"])).toMatchObject({ kind: "run", positionals: ["a"] });
  expect(run([])).toMatchObject({ kind: "wrong", problems: ["missing FIRST"] });
  expect(run(["--help"])).toMatchObject({
    text: expect.stringContaining("usage: several FIRST [MORE …] [options]"),
  });
});

test("a printed URL has no password", () => {
  expect(redactUrl("kafka://me:s3cret@h:9092,you:other@i:9092/x")).toBe(
    "kafka://me:***@h:9092,you:***@i:9092/x",
  );
  expect(redactUrl("mqtt://me:p@ss/w:rd@h:1883,n:x@i")).toBe("mqtt://me:***@h:1883,n:***@i");
  expect(redactUrl("mqtt://h:1883")).toBe("mqtt://h:1883");
});
