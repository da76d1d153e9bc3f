import { RoadstreamError } from "@roadstream/shared";
import { expect, test } from "vitest";
import { storageError } from "./storage-error.ts";

const failed = (code: string): Error => Object.assign(new Error(code), { code });

test("a full disk may have room again, another failure of storage ends the work, a denial is one", () => {
  expect(storageError("put a", failed("ENOSPC"))).toMatchObject({ code: "storage", retryable: true });
  expect(storageError("put a", failed("EDQUOT"))).toMatchObject({ code: "storage", retryable: true });
  expect(storageError("put a", failed("EIO"))).toMatchObject({ code: "storage", retryable: false });
  expect(storageError("put a", failed("EACCES"))).toMatchObject({ code: "refused" });
  const own = new RoadstreamError("unavailable", "away");
  expect(storageError("put a", own)).toBe(own);
});
