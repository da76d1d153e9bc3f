import { expect, test } from "vitest";
import { unlessAborted } from "./unless-aborted.ts";

test("gives the work's result or its error while nobody aborts", async () => {
  const { signal } = new AbortController();
  expect(await unlessAborted(signal, Promise.resolve(7))).toBe(7);
  await expect(unlessAborted(signal, Promise.reject(new Error("no")))).rejects.toThrow("no");
});

test("does not wait for work that never answers, nor for the signal's sake mind how it ends", async () => {
  const stop = new AbortController();
  const work = Promise.withResolvers<void>();
  const result = unlessAborted(stop.signal, work.promise);
  stop.abort();
  await expect(result).rejects.toMatchObject({ code: "aborted" });
  await expect(unlessAborted(stop.signal, new Promise(() => undefined))).rejects.toMatchObject({
    code: "aborted",
  });
  // An unhandled rejection would fail the run.
  work.reject(new Error("much later"));
});
