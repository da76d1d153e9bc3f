import { describe, expect, test } from "vitest";
import type { S3LineRequest } from "./faulty-s3-line.ts";
import type { S3Bed } from "./s3-bed.ts";
import { largeContent } from "./s3-large-objects.ts";
import { putWithChecksum } from "./s3-server-says.ts";

const SMALL = new TextEncoder().encode("the content");
const LARGE = largeContent(17);

const isPut = ({ method }: S3LineRequest): boolean => method === "PUT";

/** The CRC-32 of the nine digits is known from any description of it. */
const DIGITS = "123456789";
const THEIRS = Buffer.from("cbf43926", "hex").toString("base64");
const ANOTHER = Buffer.from("cbf43927", "hex").toString("base64");

/** Amazon's and versitygw's word, and MinIO's. */
const SEND_AGAIN = new Set(["BadDigest", "XAmzContentChecksumMismatch"]);

/** A body of which one byte changed on its way up: the server finds it out, not the line. */
export const s3Damage = (bed: () => S3Bed): void => {
  describe("a byte that changed on its way up", () => {
    test.each<readonly [string, "putIfAbsent" | "put", Uint8Array, number]>([
      ["a small object", "putIfAbsent", SMALL, 1],
      ["an object that is overwritten", "put", SMALL, 1],
      ["a part of a large object", "putIfAbsent", LARGE, 3],
      ["a part of a large object that is overwritten", "put", LARGE, 3],
    ])("%s is refused, sent again, and whole", async (_, put, content, bodies) => {
      await using lake = bed().open();
      if (put === "put") await lake.store.put("k", new Uint8Array([1]));
      await lake.store.get("warm");
      bed().heal();
      bed().line.meet(isPut, "spoiled_request", "spoiled_request");
      expect(await lake.store[put]("k", content)).toBe(put === "put" ? undefined : "created");
      expect(bed().line.requests.filter(isPut).length).toBe(bodies + 2);
      expect(Buffer.compare((await lake.store.get("k")) ?? new Uint8Array(), content)).toBe(0);
    });

    test("a CRC-32 that is not the body's is refused under a name that means: send it again", async () => {
      await using lake = bed().open();
      const location = lake.store.location("k");
      const { server } = bed();
      const [status, code] = await putWithChecksum(server, location, { body: DIGITS, crc32: ANOTHER });
      expect([status, SEND_AGAIN.has(code)]).toEqual([400, true]);
      expect(await lake.store.get("k")).toBeNull();
      expect(await putWithChecksum(server, location, { body: DIGITS, crc32: THEIRS })).toEqual([200, ""]);
    });
  });
};
