import { seededRandom } from "@roadstream/shared";
import { VirtualClock } from "@roadstream/shared/testing";
import { expect, test } from "vitest";
import { objectStoreContract } from "../object-store/object-store.contract.ts";
import { MemoryObjectStore } from "./memory-object-store.ts";

objectStoreContract("memory", () => {
  const clock = new VirtualClock();
  const first = new MemoryObjectStore(clock);
  return Promise.resolve({
    open: () => Promise.resolve(new MemoryObjectStore(clock, first)),
    file: () => Promise.resolve(null),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
});

const bytes = new Uint8Array([1]);

test("fault knobs: the request is lost, the answer is lost, it comes late, it is repeated", async () => {
  const store = new MemoryObjectStore(new VirtualClock());
  store.fault = () => "lost_request";
  expect(await store.putIfAbsent("a", bytes)).toBe("unknown");
  expect(store.keys).toEqual([]);
  store.fault = () => "lost_answer";
  expect(await store.putIfAbsent("a", bytes)).toBe("unknown");
  expect(store.keys).toEqual(["a"]);
  store.fault = () => "late";
  expect(await store.putIfAbsent("b", bytes)).toBe("unknown");
  expect(store.keys).toEqual(["a"]);
  expect(store.deliverLate(seededRandom(1))).toBe(true);
  expect(store.keys).toEqual(["a", "b"]);
  expect(store.deliverLate(seededRandom(1))).toBe(false);
  store.fault = () => "repeated";
  expect(await store.putIfAbsent("c", bytes)).toBe("exists");
  expect(store.keys).toEqual(["a", "b", "c"]);
  store.fault = () => "lost_answer";
  await expect(store.get("a")).rejects.toMatchObject({ code: "unavailable" });
});
