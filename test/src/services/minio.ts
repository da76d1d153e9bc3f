import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { minioProgram } from "./install/minio-step.ts";
import { BUCKET, PASSWORD, runS3, USER, type RunningS3 } from "./run-s3.ts";

/** The one key that its KMS has: any 32 bytes do. */
export const KMS_KEY = "fleet";
const KMS = `${KMS_KEY}:${Buffer.alloc(32, 7).toString("base64")}`;

/** A fresh MinIO on a free port of this machine; it ends with the test process at the latest. */
export const startMinio = async (): Promise<RunningS3> => {
  const scratch = mkdtempSync(join(tmpdir(), "roadstream-minio-"));
  const folder = join(scratch, "data");
  // Its buckets are folders.
  mkdirSync(join(folder, BUCKET), { recursive: true });
  return runS3(scratch, (port) => ({
    program: minioProgram,
    args: ["server", "--quiet", "--address", `127.0.0.1:${port}`, "--console-address", "127.0.0.1:0", folder],
    env: { MINIO_ROOT_USER: USER, MINIO_ROOT_PASSWORD: PASSWORD, MINIO_KMS_SECRET_KEY: KMS },
  }));
};
