import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { versitygwProgram } from "./install/versitygw-step.ts";
import { BUCKET, PASSWORD, REGION, runS3, USER, type RunningS3 } from "./run-s3.ts";

/** Its objects are plain files: `folder`/BUCKET/KEY. */
export interface RunningVersitygw extends RunningS3 {
  readonly folder: string;
}

/** A fresh versitygw on a free port of this machine; it ends with the test process at the latest. */
export const startVersitygw = async (): Promise<RunningVersitygw> => {
  const scratch = mkdtempSync(join(tmpdir(), "roadstream-s3-"));
  const folder = join(scratch, "data");
  mkdirSync(join(folder, BUCKET), { recursive: true });
  mkdirSync(join(scratch, "iam"));
  const server = await runS3(scratch, (port) => {
    const options = ["--quiet", "--port", `127.0.0.1:${port}`, "--region", REGION];
    return {
      program: versitygwProgram,
      args: [...options, "--iam-dir", join(scratch, "iam"), "posix", folder],
      env: { ROOT_ACCESS_KEY: USER, ROOT_SECRET_KEY: PASSWORD },
    };
  });
  return { ...server, folder };
};
