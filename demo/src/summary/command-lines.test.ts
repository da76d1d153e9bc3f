import { expect, test } from "vitest";
import { givenAgain, nextCommands, standpoint } from "./command-lines.ts";

const REPOSITORY = { projectFolder: "/home/a/roadstream", program: "/home/a/roadstream/bin/roadstream" };
const FILES = {
  logSpec: "sqlite:/home/a/roadstream/roadstream-data/demo/log.sqlite",
  lakeSpec: "file:/home/a/roadstream/roadstream-data/demo/lake",
  given: [],
  recordId: "car-1/b/gps_data/1",
};
const pnpm = { npm_config_user_agent: "pnpm/12.0.0 npm/? node/v24" };

test("who came by pnpm in the project's folder goes on by pnpm, with short paths", () => {
  const from = standpoint({ env: pnpm, folder: "/home/a/roadstream", ...REPOSITORY });
  const next = nextCommands(from, FILES);
  expect(next.again).toBe("npx -y pnpm@12 demo");
  expect(next.afresh).toBe("npx -y pnpm@12 demo --reset");
  expect(next.sql).toMatch(
    /^npx -y pnpm@12 cloud sql --lake file:roadstream-data\/demo\/lake "SELECT [^"]+"$/,
  );
  expect(next.verify).toBe(
    "npx -y pnpm@12 cloud verify --lake file:roadstream-data/demo/lake --log sqlite:roadstream-data/demo/log.sqlite",
  );
  expect(next.trace).toContain("cloud trace car-1/b/gps_data/1 ");
});

test("from elsewhere, the program's path works where pnpm would not", () => {
  const inside = standpoint({ env: {}, folder: "/home/a/roadstream", ...REPOSITORY });
  expect(inside.program).toBe("bin/roadstream");
  const outside = standpoint({ env: pnpm, folder: "/tmp/x", ...REPOSITORY });
  expect(outside.program).toBe("/home/a/roadstream/bin/roadstream");
  expect(nextCommands(outside, FILES).sql).toContain(
    "--lake file:/home/a/roadstream/roadstream-data/demo/lake",
  );
});

test("words that a shell would take apart are quoted, and no password is shown", () => {
  const from = standpoint({ env: {}, folder: "/tmp", ...REPOSITORY });
  const next = nextCommands(from, {
    logSpec: "kafka://me:secret@broker:9092",
    lakeSpec: "file:/tmp/my lake",
    given: ["--data", "it's here", "--log", "kafka://me:secret@broker:9092"],
    recordId: null,
  });
  expect(next.verify).toContain("--lake 'file:my lake'");
  expect(next.again).toContain(String.raw`--data 'it'\''s here'`);
  expect(JSON.stringify(next)).not.toContain("secret");
  expect(next.trace).toBeNull();
});

test("the next run is asked for as this one, but does not delete", () => {
  expect(givenAgain(["--pace", "max", "--reset", "--json"])).toEqual(["--pace", "max"]);
});
