import { afterAll, beforeAll, beforeEach, describe } from "vitest";
import { minioStep } from "./install/minio-step.ts";
import { startMinio } from "./minio.ts";
import { S3Bed } from "./s3-bed.ts";
import { s3Contracts } from "./s3-contracts.ts";

/** A second opinion, where MinIO was asked for (`install.ts minio`): also on CI nobody has to have it. */
describe.skipIf(minioStep.missing() !== null)("on MinIO", () => {
  let bed: S3Bed;
  beforeAll(async () => {
    bed = await S3Bed.on(await startMinio());
  });
  afterAll(() => bed?.[Symbol.asyncDispose]());
  beforeEach(() => bed.heal());

  s3Contracts("minio", () => bed);
});
