import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { KMS_KEY, startMinio } from "./minio.ts";
import { S3Bed } from "./s3-bed.ts";
import { s3Contracts } from "./s3-contracts.ts";
import { largeContent } from "./s3-large-objects.ts";
import { encryptionOf } from "./s3-server-says.ts";
import { services } from "./services.ts";

const PARALLEL = 50;

/** A second opinion on what the lake asks of S3; and a server that encrypts. */
describe.skipIf(services("minio").skip)("on MinIO", () => {
  let bed: S3Bed;
  beforeAll(async () => {
    bed = await S3Bed.on(await startMinio());
  });
  afterAll(() => bed?.[Symbol.asyncDispose]());
  beforeEach(() => bed.heal());

  s3Contracts("minio", {
    bed: () => bed,
    putEmpty: async ({ store }, keys) => {
      for (let at = 0; at < keys.length; at += PARALLEL)
        await Promise.all(keys.slice(at, at + PARALLEL).map((key) => store.put(key, new Uint8Array())));
    },
  });

  const KEY_ARN = `arn:aws:kms:${KMS_KEY}`;
  test.each<readonly [Record<string, string>, readonly unknown[]]>([
    [{}, [null, null]],
    [{ ROADSTREAM_S3_SSE: "AES256" }, ["AES256", null]],
    [{ ROADSTREAM_S3_SSE: "aws:kms" }, ["aws:kms", KEY_ARN]],
    [{ ROADSTREAM_S3_KMS_KEY: KMS_KEY }, ["aws:kms", KEY_ARN]],
  ])("%o: so each object is encrypted, and read back as it was", async (env, expected) => {
    await using lake = bed.open(bed.fresh(), { env });
    const contents = {
      created: new Uint8Array([1]),
      overwritten: new Uint8Array([2]),
      large: largeContent(17),
    };
    await lake.store.putIfAbsent("created", contents.created);
    await lake.store.put("overwritten", contents.created);
    await lake.store.put("overwritten", contents.overwritten);
    await lake.store.putIfAbsent("large", contents.large);
    for (const [key, content] of Object.entries(contents)) {
      expect([key, ...(await encryptionOf(bed.server, lake.store.location(key)))]).toEqual([
        key,
        ...expected,
      ]);
      expect(Buffer.compare((await lake.store.get(key)) ?? new Uint8Array(), content), key).toBe(0);
    }
  });
});
