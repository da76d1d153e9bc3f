import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { seededRandom } from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LocalCopies, userCacheFolder } from "./local-copies.ts";

const HALF_AN_HOUR = 30 * 60_000;

let folder: string;
let clock: VirtualClock;
let seeds = 0;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "roadstream-copies-"));
  clock = new VirtualClock();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = (limitBytes = 1000): LocalCopies =>
  new LocalCopies({ folder, limitBytes, clock, random: seededRandom((seeds += 1)) });

/** Chunks of an object, and how often they were asked for. */
const source = (...texts: readonly string[]) => {
  const state = { asked: 0 };
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    state.asked += 1;
    for (const text of texts) yield await Promise.resolve(new TextEncoder().encode(text));
  };
  return { state, chunks };
};
const kept = async (): Promise<readonly string[]> =>
  (await readdir(folder)).filter((name) => !name.startsWith(".")).map((name) => name.slice(33));
const incoming = (): Promise<readonly string[]> => readdir(join(folder, ".incoming"));

test("a copy is fetched once: by many who ask, by another process, for as long as it is kept", async () => {
  const { state, chunks } = source("one ", "and two");
  const copies = open();
  const paths = await Promise.all([1, 2, 3].map(() => copies.path("s3://lake/t/a.parquet", chunks)));
  expect(new Set(paths).size).toBe(1);
  expect(await readFile(paths[0] ?? "", "utf8")).toBe("one and two");
  expect(await open().path("s3://lake/t/a.parquet", chunks)).toBe(paths[0]);
  expect(state.asked).toBe(1);
  expect(await incoming()).toEqual([]);
});

test("the same name elsewhere is another object; the name's end is there for people, the folder for its user alone", async () => {
  await rm(folder, { recursive: true });
  const copies = open();
  const here = await copies.path("s3://lake/a.parquet", source("a").chunks);
  const there = await copies.path("s3://other/a.parquet", source("b").chunks);
  expect(await readFile(here, "utf8")).toBe("a");
  expect(await readFile(there, "utf8")).toBe("b");
  expect(basename(here)).toMatch(/-a\.parquet$/);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
});

test("a copy of what is deleted goes too; where there is none, nothing happens", async () => {
  const copies = open();
  await copies.path("s3://lake/a.parquet", source("a").chunks);
  await copies.path("s3://lake/b.parquet", source("b").chunks);
  await copies.remove("s3://lake/a.parquet");
  await copies.remove("s3://lake/never.parquet");
  expect(await kept()).toEqual(["b.parquet"]);
});

test("all but some go at once, of whichever lake, and the next reader fetches them anew", async () => {
  const copies = open();
  await copies.removeAllBut([]);
  for (const name of ["s3://lake/a.parquet", "s3://lake/b.parquet", "s3://other/c.parquet"])
    await copies.path(name, source("x").chunks);
  await copies.removeAllBut(["s3://lake/b.parquet", "s3://lake/never.parquet"]);
  expect(await kept()).toEqual(["b.parquet"]);
  const { state, chunks } = source("again");
  expect(await readFile(await copies.path("s3://lake/a.parquet", chunks), "utf8")).toBe("again");
  expect(state.asked).toBe(1);
});

test("what breaks off on the way is no copy, and its error is the source's own", async () => {
  const copies = open();
  const broken = async function* (): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(new Uint8Array(10));
    throw new Error("connection lost");
  };
  const both = await Promise.allSettled([copies.path("s3://l/a", broken), copies.path("s3://l/a", broken)]);
  for (const one of both) expect(one).toMatchObject({ reason: { message: "connection lost" } });
  expect([await kept(), await incoming()]).toEqual([[], []]);
  expect(await readFile(await copies.path("s3://l/a", source("whole").chunks), "utf8")).toBe("whole");
});

test("when the folder is full, those asked for longest ago go, but none of the last half hour", async () => {
  const copies = open(250);
  const put = (name: string) => copies.path(`s3://l/${name}`, source("x".repeat(100)).chunks);
  await put("a");
  await clock.advance(1000);
  await put("b");
  await clock.advance(1000);
  await put("c");
  expect((await kept()).toSorted()).toEqual(["a", "b", "c"]);
  await clock.advance(HALF_AN_HOUR);
  // Asked for again: of those that may go, b is now the oldest.
  await put("a");
  await put("d");
  expect((await kept()).toSorted()).toEqual(["a", "d"]);
});

test("a folder that cannot be made is told, with the setting that names another", async () => {
  const file = join(folder, "file");
  await writeFile(file, "");
  const copies = new LocalCopies({
    folder: join(file, "below"),
    limitBytes: 1,
    clock,
    random: seededRandom(1),
  });
  const told = { code: "storage", hint: expect.stringContaining("ROADSTREAM_LAKE_CACHE") as string };
  await expect(copies.incoming()).rejects.toMatchObject(told);
  await expect(copies.path("s3://l/a", source("x").chunks)).rejects.toMatchObject(told);
});

test("copies lie where the user's caches are", () => {
  expect(userCacheFolder({ XDG_CACHE_HOME: "/c" })).toBe("/c/roadstream/lake");
  expect(userCacheFolder({ XDG_CACHE_HOME: "" })).toMatch(/\.cache\/roadstream\/lake$/);
});
