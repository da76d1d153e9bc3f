import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./free-port.ts";
import { versitygwProgram } from "./install/versitygw-step.ts";
import { leash } from "../processes/leashed-process.ts";

const READY_DEADLINE_MS = 20_000;
const USER = "test";
const PASSWORD = "testtest";

export interface RunningVersitygw extends AsyncDisposable {
  readonly port: number;
  /** Its objects as plain files: BUCKET/KEY. */
  readonly folder: string;
  /** The bucket that is there from the start. */
  readonly bucket: string;
  /** What a client's environment must say; through a line in front of it with another port. */
  env(port?: number): Readonly<Record<string, string>>;
  kill9(): Promise<void>;
  /** Starts it again on the same port after {@link kill9}. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const answers = async (port: number): Promise<boolean> => {
  try {
    await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(1000) });
    return true;
  } catch {
    return false;
  }
};

/** A fresh S3 server on a free port of this machine; it ends with the test process at the latest. */
export const startVersitygw = async (): Promise<RunningVersitygw> => {
  const scratch = mkdtempSync(join(tmpdir(), "roadstream-s3-"));
  const folder = join(scratch, "data");
  const bucket = "lake";
  mkdirSync(join(folder, bucket), { recursive: true });
  mkdirSync(join(scratch, "iam"));
  const port = await freePort();
  const start = async () => {
    const options = ["--quiet", "--port", `127.0.0.1:${port}`, "--region", "us-east-1"];
    const server = await leash(
      versitygwProgram,
      [...options, "--iam-dir", join(scratch, "iam"), "posix", folder],
      {
        env: { ...process.env, ROOT_ACCESS_KEY: USER, ROOT_SECRET_KEY: PASSWORD },
      },
    );
    const deadline = performance.now() + READY_DEADLINE_MS;
    while (!(await answers(port))) {
      if (performance.now() > deadline) {
        await server.kill9();
        throw new Error(`versitygw does not answer:\n${server.output()}`);
      }
      await sleep(50);
    }
    return server;
  };
  let server = await start();
  const stop = async (): Promise<void> => {
    await server.kill9();
    rmSync(scratch, { recursive: true, force: true });
  };
  return {
    port,
    folder,
    bucket,
    env: (at = port) => ({
      AWS_REGION: "us-east-1",
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${at}`,
      AWS_ACCESS_KEY_ID: USER,
      AWS_SECRET_ACCESS_KEY: PASSWORD,
      AWS_EC2_METADATA_DISABLED: "true",
    }),
    kill9: () => server.kill9(),
    restart: async () => {
      server = await start();
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
};
