import { execFileSync } from "node:child_process";
import { seededRandom, silentLogger } from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import { expect, test } from "vitest";
import { openStore } from "./open-store.ts";

const options = {
  clock: new VirtualClock(),
  random: seededRandom(1),
  logger: silentLogger,
  env: { XDG_CACHE_HOME: "/caches" },
  path: (text: string) => `/home/${text}`,
};

test("a folder and a bucket are named as engines name them", async () => {
  expect(openStore("file:data/lake", options).store.root).toBe("file:/home/data/lake");
  await using bucket = openStore("s3://fleet/a/b", options).store;
  expect(bucket.root).toBe("s3://fleet/a/b");
  expect(bucket.location("t/x")).toBe("s3://fleet/a/b/t/x");
  for (const scheme of ["s3", "s3a", "s3n"]) expect(bucket.keyOf(`${scheme}://fleet/a/b/t/x`)).toBe("t/x");
  expect(bucket.keyOf("s3://fleet/a/bb/t/x")).toBeNull();
  expect(bucket.keyOf("s3://fleet2/a/b/t/x")).toBeNull();
  expect(bucket.keyOf("/fleet/a/b/t/x")).toBeNull();
});

test.each(["", "file:", "data/lake", "s3:", "s3://", "gs://fleet/a"])("%j is no lake", (spec) => {
  expect(() => openStore(spec, options)).toThrow(expect.objectContaining({ code: "usage" }));
});

test("whoever keeps the lake in a folder never loads the AWS SDK", () => {
  const program = `
    import { registerHooks } from "node:module";
    const loaded = [];
    registerHooks({ resolve: (name, context, next) => (loaded.push(name), next(name, context)) });
    const { openStore } = await import(${JSON.stringify(new URL("./open-store.ts", import.meta.url).href)});
    const { store } = openStore("file:/nowhere", { path: (text) => text });
    await store.get("x");
    console.log(loaded.some((name) => name.startsWith("@aws-sdk/")), loaded.length > 5);
    openStore("s3://fleet/a", { path: (text) => text, env: {} });
    console.log(loaded.some((name) => name.startsWith("@aws-sdk/")));`;
  const args = [
    "--conditions=source",
    "--disable-warning=ExperimentalWarning",
    "--input-type=module",
    "-e",
    program,
  ];
  expect(execFileSync(process.execPath, args, { encoding: "utf8" })).toBe("false true\nfalse\n");
});
