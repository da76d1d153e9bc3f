import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** docs/aws.md is followed by hand: what it names must be there. */
const GUIDE = readFileSync(new URL("../../../docs/aws.md", import.meta.url), "utf8");
const FOLDER = new URL("../templates/", import.meta.url);

interface Template {
  readonly Parameters?: Readonly<Record<string, { readonly Default?: unknown }>>;
  readonly Outputs?: Readonly<Record<string, unknown>>;
  readonly Resources: Readonly<Record<string, { readonly Properties?: Readonly<Record<string, unknown>> }>>;
}

const templates = new Map(
  readdirSync(FOLDER).map((name) => [
    name.replace(/^roadstream-|\.json$/g, ""),
    JSON.parse(readFileSync(new URL(name, FOLDER), "utf8")) as Template,
  ]),
);
const deployed = [...GUIDE.matchAll(/^deploy (\w+)(.*)$/gm)].map(([, part = "", rest = ""]) => ({
  part,
  given: [...rest.matchAll(/(\w+)=/g)].map(([, name = ""]) => name),
}));

test("every template is deployed, after those it stands on", () => {
  expect(deployed.map(({ part }) => part).toSorted()).toEqual([...templates.keys()].toSorted());
  const order = deployed.map(({ part }) => part);
  for (const [index, part] of order.entries())
    for (const [, needed = ""] of JSON.stringify(templates.get(part)).matchAll(
      /"Fn::ImportValue":"roadstream-(\w+):/g,
    ))
      expect(order.slice(0, index), `${part} stands on ${needed}`).toContain(needed);
});

test.each(deployed)("deploy $part gives what the template asks for", ({ part, given }) => {
  const parameters = templates.get(part)?.Parameters ?? {};
  const needed = Object.entries(parameters).flatMap(([name, { Default: value }]) =>
    value === undefined ? [name] : [],
  );
  expect(Object.keys(parameters)).toEqual(expect.arrayContaining(given));
  expect(given).toEqual(expect.arrayContaining(needed));
});

test("every output that is asked for is one", () => {
  const asked = [...GUIDE.matchAll(/\boutput (\w+) (\w+)/g)];
  expect(asked.length).toBeGreaterThan(3);
  for (const [, part = "", name = ""] of asked)
    expect(templates.get(part)?.Outputs ?? {}).toHaveProperty(name);
});

test("every role and alarm that is named is in a template, and the other way round", () => {
  const named = (property: string): readonly string[] =>
    [...templates.values()]
      .flatMap(({ Resources: resources }) => Object.values(resources))
      .flatMap(({ Properties: properties }) => properties?.[property] ?? [])
      .filter((name) => typeof name === "string");
  const [, whoMay = ""] = GUIDE.split("## Who may do what");
  const inTable = [...whoMay.matchAll(/^\| `(roadstream-\w+)` \|/gm)].map(([, name = ""]) => name);
  expect(inTable.toSorted()).toEqual(named("RoleName").toSorted());
  for (const alarm of named("AlarmName")) expect(GUIDE).toContain(`\`${alarm.replace("roadstream-", "")}\``);
});
