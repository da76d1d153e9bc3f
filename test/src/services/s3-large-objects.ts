import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { silentLogger, type Logger, type LogFields } from "@roadstream/shared";
import type { OpenedLake } from "@roadstream/cloud/testing";
import { describe, expect, test } from "vitest";
import type { S3LineFault, S3LineRequest } from "./faulty-s3-line.ts";
import type { S3Bed } from "./s3-bed.ts";
import { unfinishedUploads, type UnfinishedUpload } from "./s3-server-says.ts";

const MIB = 1024 * 1024;

/** Another megabyte after another. */
export const largeContent = (mebibytes: number): Uint8Array => {
  const content = new Uint8Array(mebibytes * MIB);
  for (let i = 0; i < mebibytes; i += 1) content.fill(i + 1, i * MIB, (i + 1) * MIB);
  return content;
};

const isBeginning = ({ method, query }: S3LineRequest): boolean => method === "POST" && query.has("uploads");
const isPart = ({ method, query }: S3LineRequest): boolean => method === "PUT" && query.has("partNumber");
const isCompletion = ({ method, query }: S3LineRequest): boolean =>
  method === "POST" && query.has("uploadId");
const isAbort = ({ method }: S3LineRequest): boolean => method === "DELETE";

/** What goes up in parts is there whole and once, or not at all; and the server keeps no parts of it. */
export const s3LargeObjects = (bed: () => S3Bed): void => {
  describe("a large object", () => {
    const left = ({ store }: OpenedLake, key = "k"): Promise<readonly UnfinishedUpload[]> =>
      unfinishedUploads(bed().server, store.location(key));
    const seen = (which: (request: S3LineRequest) => boolean): readonly S3LineRequest[] =>
      bed().line.requests.filter(which);

    test("goes up in parts, once, from memory and from a file, and reads back as it was", async () => {
      await using lake = bed().open();
      const content = largeContent(20);
      expect(await lake.store.putIfAbsent("m", content)).toBe("created");
      expect(await lake.store.putIfAbsent("m", content)).toBe("exists");
      const file = join(bed().scratch, "large");
      await writeFile(file, content);
      expect(await lake.store.putIfAbsent("f", { file, size: content.length })).toBe("created");
      expect(seen(isPart).length).toBe(9);
      for (const key of ["m", "f"]) {
        expect(Buffer.compare((await lake.store.get(key)) ?? new Uint8Array(), content)).toBe(0);
        expect(await left(lake, key)).toEqual([]);
      }
      expect(seen(isAbort).length).toBe(1);
    });

    test("one of many that are put at the same time wins", async () => {
      await using lake = bed().open();
      const sizes = [17, 18, 19];
      const answers = await Promise.all(sizes.map((size) => lake.store.putIfAbsent("k", largeContent(size))));
      expect(answers.toSorted()).toEqual(["created", "exists", "exists"]);
      const winner = sizes[answers.indexOf("created")] ?? 0;
      expect((await lake.store.get("k"))?.length).toBe(winner * MIB);
      expect(await left(lake)).toEqual([]);
    });

    test("loses parts and sends them again", async () => {
      await using lake = bed().open();
      bed().line.meet(
        isPart,
        "lost_request",
        "lost_answer",
        { status: 503, code: "SlowDown" },
        { status: 400, code: "BadDigest" },
      );
      expect(await lake.store.putIfAbsent("k", largeContent(17))).toBe("created");
      expect((await lake.store.get("k"))?.length).toBe(17 * MIB);
      expect(await left(lake)).toEqual([]);
    });

    test("whose beginning got no answer is begun again: nothing goes to the first, which stays for the bucket's own rule", async () => {
      await using lake = bed().open();
      bed().line.meet(isBeginning, "lost_answer");
      expect(await lake.store.putIfAbsent("k", largeContent(17))).toBe("created");
      const [first, ...more] = await left(lake);
      expect(more).toEqual([]);
      expect(first?.key).toBe(lake.store.location("k").split("/").slice(3).join("/"));
      const ids = new Set(seen(isPart).map(({ query }) => query.get("uploadId")));
      expect([ids.size, ids.has(first?.id ?? "")]).toEqual([1, false]);
    });

    test.each<readonly [string, S3LineFault, number | null]>([
      ["lost", "lost_request", null],
      ["carried out without an answer", "lost_answer", 17 * MIB],
      ["answered 500", { status: 500, code: "InternalError" }, null],
    ])("whose completion is %s is unknown, and its parts are given up", async (_, fault, size) => {
      await using lake = bed().open();
      bed().line.meet(isCompletion, fault);
      expect(await lake.store.putIfAbsent("k", largeContent(17))).toBe("unknown");
      expect(seen(isCompletion).length).toBe(1);
      expect((await lake.store.get("k"))?.length ?? null).toBe(size);
      expect(await left(lake)).toEqual([]);
    });

    test("whose completion arrives when its parts were given up is nowhere", async () => {
      await using lake = bed().open();
      bed().line.meet(isCompletion, "late");
      expect(await lake.store.putIfAbsent("k", largeContent(17))).toBe("unknown");
      expect(await bed().line.deliverLate()).toBe(true);
      expect(await lake.store.get("k")).toBeNull();
      expect(await left(lake)).toEqual([]);
    });

    test("whose completion met another write is sent anew; one that may not be put leaves nothing", async () => {
      await using lake = bed().open();
      bed().line.meet(isCompletion, { status: 409, code: "ConditionalRequestConflict" });
      expect(await lake.store.putIfAbsent("k", largeContent(17))).toBe("created");
      expect(seen(isPart).length).toBe(6);
      expect(await left(lake)).toEqual([]);
      bed().heal();
      bed().line.meet(isPart, { status: 403, code: "AccessDenied" });
      await expect(lake.store.putIfAbsent("denied", largeContent(17))).rejects.toMatchObject({
        code: "refused",
      });
      expect(await lake.store.get("denied")).toBeNull();
      expect(await left(lake, "denied")).toEqual([]);
    });

    /** Fails at its completion, and then while it gives up. */
    const failing = async (lake: OpenedLake, ...faults: S3LineFault[]): Promise<void> => {
      const { line } = bed();
      line.fault = (request) =>
        isCompletion(request) ? "lost_request" : isAbort(request) ? (faults.shift() ?? null) : null;
      expect(await lake.store.putIfAbsent("k", largeContent(17))).toBe("unknown");
      expect(faults).toEqual([]);
    };

    test("gives up again where giving up got no answer", async () => {
      await using lake = bed().open();
      await failing(lake, "lost_request", { status: 503, code: "SlowDown" }, "lost_answer");
      expect(seen(isAbort).length).toBe(4);
      expect(await left(lake)).toEqual([]);
    });

    test("that may not be given up is left over, and that is told", async () => {
      const told: (readonly [string, LogFields | undefined])[] = [];
      const logger: Logger = {
        ...silentLogger,
        warn: (event, fields) => void told.push([event, fields]),
        child: () => logger,
      };
      await using lake = bed().open(bed().fresh(), { logger });
      await failing(lake, { status: 403, code: "AccessDenied" });
      const [upload, ...more] = await left(lake);
      expect(more).toEqual([]);
      expect(told).toEqual([["upload_left_over", expect.objectContaining({ key: upload?.key })]]);
    });
  });
};
