import { mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { unixMillis, uptimeMillis, type Clock } from "@roadstream/shared";
import { systemClock } from "@roadstream/shared/adapters";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { FaultyS3Line, S3LineFault, S3LineRequest } from "./faulty-s3-line.ts";
import { hurried, S3Bed } from "./s3-bed.ts";
import { s3Contracts } from "./s3-contracts.ts";
import { largeContent } from "./s3-large-objects.ts";
import { services } from "./services.ts";
import { startVersitygw, type RunningVersitygw } from "./versitygw.ts";

const { skip } = services("versitygw");
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (content: Uint8Array | null): string | null =>
  content === null ? null : new TextDecoder().decode(content);

describe.skipIf(skip)("on S3", () => {
  let bed: S3Bed<RunningVersitygw>;
  beforeAll(async () => {
    bed = await S3Bed.on(await startVersitygw());
  });
  afterAll(() => bed?.[Symbol.asyncDispose]());
  beforeEach(() => bed.heal());

  s3Contracts("versitygw", {
    bed: () => bed,
    // Its objects are files; putting as many would take longer than all other tests.
    putEmpty: async ({ store }, keys) => {
      const folder = join(bed.server.folder, store.root.slice("s3://".length));
      for (const key of keys) {
        await mkdir(dirname(join(folder, key)), { recursive: true });
        await writeFile(join(folder, key), "");
      }
    },
  });

  const meet: FaultyS3Line["meet"] = (...faults) => bed.line.meet(...faults);
  const isPut = ({ method, headers }: S3LineRequest): boolean =>
    method === "PUT" && headers["if-none-match"] === "*";
  const isGet = ({ method, query }: S3LineRequest): boolean => method === "GET" && !query.has("list-type");
  const isList = ({ query }: S3LineRequest): boolean => query.has("list-type");

  describe("a create-only put", () => {
    test.each<readonly [string, S3LineFault, string | null]>([
      ["that is answered 500", { status: 500, code: "InternalError" }, null],
      ["that did not arrive", "lost_request", null],
      ["whose answer is lost", "lost_answer", "mine"],
    ])("%s is unknown, and is sent once", async (_, fault, there) => {
      await using lake = bed.open();
      await lake.store.get("warm");
      meet(isPut, fault);
      expect(await lake.store.putIfAbsent("k", bytes("mine"))).toBe("unknown");
      expect(bed.line.requests.filter(isPut).length).toBe(1);
      expect(textOf(await lake.store.get("k"))).toBe(there);
    });

    test("that is never answered is unknown after its deadline", async () => {
      await using lake = bed.open(bed.fresh(), { clock: hurried(40) });
      await lake.store.get("warm");
      meet(isPut, "silence");
      expect(await lake.store.putIfAbsent("k", bytes("mine"))).toBe("unknown");
      expect(textOf(await lake.store.get("k"))).toBe("mine");
    });

    test.each([
      { status: 503, code: "SlowDown" },
      { status: 409, code: "ConditionalRequestConflict" },
      { status: 400, code: "RequestTimeout" },
    ])("that is told $status $code is sent again after a pause", async (fault) => {
      await using lake = bed.open();
      meet(isPut, fault, fault, fault);
      expect(await lake.store.putIfAbsent("k", bytes("mine"))).toBe("created");
      expect(bed.line.requests.filter(isPut).length).toBe(4);
    });

    test("that was sent again and finds the name in use does not say whose it is", async () => {
      await using lake = bed.open();
      await lake.store.putIfAbsent("k", bytes("theirs"));
      meet(isPut, { status: 503, code: "SlowDown" });
      expect(await lake.store.putIfAbsent("k", bytes("mine"))).toBe("unknown");
      expect(await lake.store.putIfAbsent("k", bytes("mine"))).toBe("exists");
    });

    test("gives up on a server that stays busy: unavailable, not unknown", async () => {
      await using lake = bed.open();
      bed.line.fault = (request) => (isPut(request) ? { status: 503, code: "SlowDown" } : null);
      await expect(lake.store.putIfAbsent("k", bytes("x"))).rejects.toMatchObject({
        code: "unavailable",
        message: expect.stringContaining("503 SlowDown") as string,
      });
    });
  });

  describe("a denial", () => {
    test("of a read is refused, not absent, and says which permission is missing", async () => {
      await using lake = bed.open();
      await lake.store.get("warm");
      meet(isGet, { status: 403, code: "AccessDenied" });
      await expect(lake.store.get("k")).rejects.toMatchObject({
        code: "refused",
        hint: expect.stringContaining("s3:ListBucket") as string,
      });
    });

    test("of one key among many is refused by its name; a key that fails for now is asked for again", async () => {
      await using lake = bed.open();
      const prefix = `${lake.store.root}/`.split("/").slice(3).join("/");
      const keys = ["a", "b", "c"];
      for (const key of keys) await lake.store.putIfAbsent(key, bytes("x"));
      const isDelete = ({ query }: S3LineRequest): boolean => query.has("delete");
      const failing = (key: string, code: string): S3LineFault => ({
        status: 200,
        code,
        body: `<DeleteResult><Error><Key>${prefix}${key}</Key><Code>${code}</Code><Message>no</Message></Error></DeleteResult>`,
      });
      meet(isDelete, failing("b", "AccessDenied"));
      await expect(lake.store.delete(keys)).rejects.toMatchObject({
        code: "refused",
        message: expect.stringContaining(`${prefix}b`) as string,
      });
      bed.heal();
      meet(isDelete, failing("c", "InternalError"), failing("c", "SlowDown"));
      await lake.store.delete(keys);
      const asked = bed.line.requests
        .filter(isDelete)
        .map(({ body }) => body.toString().split("<Key>").length - 1);
      expect(asked).toEqual([3, 1, 1]);
      expect(await lake.store.get("c")).toBeNull();
    });

    test("of the bucket, or its absence, is told at the start with a hint, and no secret", async () => {
      await using absent = bed.open("s3://no-such-bucket/x");
      await expect(absent.incoming()).rejects.toMatchObject({
        code: "refused",
        message: expect.stringContaining("NoSuchBucket") as string,
        hint: expect.stringContaining("Make the bucket") as string,
      });
      process.env["AWS_SECRET_ACCESS_KEY"] = "not-the-password";
      try {
        await using stranger = bed.open();
        const error = await stranger.store.get("k").catch((raised: unknown) => raised);
        expect(error).toMatchObject({
          code: "refused",
          hint: expect.stringContaining("credentials") as string,
        });
        const { message, hint, cause } = error as Error & { hint: string };
        expect(JSON.stringify([message, hint, cause])).not.toMatch(/not-the-password|Signature=/);
      } finally {
        process.env["AWS_SECRET_ACCESS_KEY"] = bed.server.env()["AWS_SECRET_ACCESS_KEY"];
      }
    });

    test("comes from us when the server lets a name be taken twice", async () => {
      await using lake = bed.open();
      await lake.incoming();
      bed.line.fault = (request) => (isPut(request) ? { status: 200, code: "", body: "" } : null);
      await expect(lake.incoming()).rejects.toMatchObject({
        code: "refused",
        message: expect.stringContaining("ignores If-None-Match") as string,
      });
    });

    test("is no state: the bucket that comes later is found", async () => {
      await using lake = bed.open();
      meet(isList, { status: 403, code: "AccessDenied" });
      await expect(lake.store.get("k")).rejects.toMatchObject({ code: "refused" });
      expect(await lake.store.get("k")).toBeNull();
    });
  });

  describe("what may be asked twice", () => {
    test("is asked again after a lost answer, a 500, a busy server", async () => {
      await using lake = bed.open();
      await lake.store.putIfAbsent("k", bytes("x"));
      const faults: S3LineFault[] = ["lost_answer", { status: 500, code: "InternalError" }, "lost_request"];
      bed.line.fault = () => faults.shift() ?? null;
      expect(textOf(await lake.store.get("k"))).toBe("x");
      faults.push({ status: 503, code: "SlowDown" }, "lost_answer");
      await lake.store.put("hint", bytes("1"));
      faults.push("lost_answer", "lost_request");
      const keys: string[] = [];
      for await (const { key } of lake.store.list("")) keys.push(key);
      expect(keys).toEqual(["hint", "k"]);
      faults.push("lost_answer");
      await lake.store.delete(keys);
      expect(await lake.store.get("k")).toBeNull();
      expect(faults).toEqual([]);
    });

    test("a body that breaks off or came spoiled is read again", async () => {
      await using lake = bed.open();
      await lake.store.putIfAbsent("k", bytes("the content"));
      meet(isGet, "cut", "spoiled");
      expect(textOf(await lake.store.get("k"))).toBe("the content");
      meet(isGet, "spoiled", "cut");
      await lake.store.localFile("k");
      expect(bed.line.requests.filter(isGet).length).toBe(6);
    });

    test("checksums are asked for and compared, whatever the machine's own settings say", async () => {
      vi.stubEnv("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required");
      vi.stubEnv("AWS_RESPONSE_CHECKSUM_VALIDATION", "when_required");
      await using lake = bed.open();
      await lake.store.putIfAbsent("k", bytes("the content"));
      expect(bed.line.requests.find(isPut)?.headers["x-amz-checksum-crc32"]).toBeTypeOf("string");
      meet(isGet, "spoiled");
      expect(textOf(await lake.store.get("k"))).toBe("the content");
    });

    test("a server that went away and came back is found again", async () => {
      await using lake = bed.open();
      await lake.store.putIfAbsent("k", bytes("x"));
      await bed.server.kill9();
      const reading = lake.store.get("k");
      await bed.server.restart();
      expect(textOf(await reading)).toBe("x");
    });
  });

  describe("what time it is", () => {
    const DAY_MS = 86_400_000;
    /** A machine whose wall clock is so far ahead, and whose monotonic one can be moved on. */
    const machine = (aheadMs: number) => {
      const clock = systemClock();
      const moved = { ms: 0 };
      const wrong: Clock = {
        ...clock,
        now: () => unixMillis(clock.now() + aheadMs),
        uptime: () => uptimeMillis(clock.uptime() + moved.ms),
      };
      return { clock: wrong, moved };
    };

    test("is what the server's answers say, not the machine's clock; no request is made for it", async () => {
      const { clock } = machine(400 * DAY_MS);
      await using lake = bed.open(bed.fresh(), { clock });
      await lake.store.putIfAbsent("k", bytes("x"));
      bed.heal();
      const [now, truth] = [await lake.store.now(), systemClock().now()];
      expect(now).toBeLessThanOrEqual(truth);
      expect(now).toBeGreaterThan(truth - 5000);
      expect(bed.line.requests).toEqual([]);
    });

    test("is heard from an answer that is an error, too, and asked for when nothing was heard for long", async () => {
      const { clock, moved } = machine(-400 * DAY_MS);
      await using lake = bed.open(bed.fresh(), { clock });
      await lake.store.get("warm");
      const asked = async (): Promise<number> => {
        bed.heal();
        expect(Math.abs((await lake.store.now()) - systemClock().now())).toBeLessThan(5000);
        return bed.line.requests.length;
      };
      moved.ms += 3_600_000;
      expect(await asked()).toBe(1);
      moved.ms += 3_600_000;
      meet(isGet, { status: 404, code: "NoSuchKey" });
      expect(await lake.store.get("k")).toBeNull();
      expect(await asked()).toBe(0);
      moved.ms += 3_600_000;
      meet(isList, "lost_answer", { status: 503, code: "SlowDown" });
      await expect(lake.store.now()).resolves.toBeGreaterThan(systemClock().now() - 5000);
    });
  });

  describe("encryption is asked for with each object, when the environment says so", () => {
    const HEADER = "x-amz-server-side-encryption";
    /** Of each request that makes an object: which it is, and what it asks for. */
    const asked = async (env: Record<string, string>): Promise<readonly (readonly unknown[])[]> => {
      await using lake = bed.open(bed.fresh(), { env });
      await lake.store.get("warm");
      bed.heal();
      await lake.store.putIfAbsent("created", bytes("x"));
      await lake.store.put("overwritten", bytes("x"));
      await lake.store.put("overwritten", bytes("y"));
      await lake.store.putIfAbsent("large", largeContent(17));
      await lake.store.put("large", largeContent(18));
      return bed.line.requests
        .filter(({ method, query }) => (method === "PUT" && query.size < 2) || query.has("uploads"))
        .map(({ key, headers }) => [
          key.split("/").at(-1),
          headers[HEADER],
          headers[`${HEADER}-aws-kms-key-id`],
          headers[`${HEADER}-bucket-key-enabled`],
        ]);
    };
    const OBJECTS = ["created", "overwritten", "overwritten", "large", "large"];

    test.each<readonly [Record<string, string>, readonly unknown[]]>([
      [{}, [undefined, undefined, undefined]],
      [{ ROADSTREAM_S3_SSE: "AES256" }, ["AES256", undefined, undefined]],
      [{ ROADSTREAM_S3_SSE: "aws:kms" }, ["aws:kms", undefined, "true"]],
      [{ ROADSTREAM_S3_KMS_KEY: "alias/fleet" }, ["aws:kms", "alias/fleet", "true"]],
    ])("%o", async (env, headers) => {
      expect(await asked(env)).toEqual(OBJECTS.map((name) => [name, ...headers]));
    });
  });

  test("a copy is fetched once for all who ask, in this process and in others", async () => {
    const spec = bed.fresh();
    const cache = join(bed.scratch, "one-cache");
    await using lake = bed.open(spec, { cache });
    await using other = bed.open(spec, { cache });
    await lake.store.putIfAbsent("k", largeContent(2));
    await other.store.get("warm");
    bed.heal();
    const paths = await Promise.all(Array.from({ length: 5 }, () => lake.store.localFile("k")));
    expect(new Set(paths).size).toBe(1);
    expect(await other.store.localFile("k")).toBe(paths[0]);
    expect(bed.line.requests.filter(isGet).length).toBe(1);
    expect((await readdir(join(cache, ".incoming"))).length).toBe(0);
  });
});
