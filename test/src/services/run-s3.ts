import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { leash, type LeashedProcess } from "../processes/leashed-process.ts";
import { freePort } from "./free-port.ts";

export const BUCKET = "lake";
export const REGION = "us-east-1";
export const USER = "test";
export const PASSWORD = "testtest";
/** For the SDK, which looks in the process's own environment. */
export const CREDENTIALS = {
  AWS_REGION: REGION,
  AWS_ACCESS_KEY_ID: USER,
  AWS_SECRET_ACCESS_KEY: PASSWORD,
  AWS_EC2_METADATA_DISABLED: "true",
} as const;
const READY_DEADLINE_MS = 30_000;

/** An S3 server with one bucket. */
export interface RunningS3 extends AsyncDisposable {
  readonly port: number;
  /** The bucket that is there from the start. */
  readonly bucket: string;
  /** What a client's environment must say; through a line in front of it with another port. */
  env(port?: number): Readonly<Record<string, string>>;
  kill9(): Promise<void>;
  freeze(): void;
  thaw(): void;
  /** Starts it again on the same port after {@link kill9}. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface S3Program {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const answers = async (port: number): Promise<boolean> => {
  try {
    await fetch(`http://127.0.0.1:${port}/${BUCKET}`, { signal: AbortSignal.timeout(1000) });
    return true;
  } catch {
    return false;
  }
};

/** Runs a server that keeps everything in `scratch`, which goes with it. */
export const runS3 = async (scratch: string, at: (port: number) => S3Program): Promise<RunningS3> => {
  const port = await freePort();
  const { program, args, env } = at(port);
  const start = async (): Promise<LeashedProcess> => {
    const server = await leash(program, args, { env: { ...process.env, ...env } });
    const deadline = performance.now() + READY_DEADLINE_MS;
    while (!(await answers(port))) {
      if (performance.now() > deadline) {
        await server.kill9();
        throw new Error(`${program} does not answer:\n${server.output()}`);
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
    bucket: BUCKET,
    env: (clientPort = port) => ({
      ...CREDENTIALS,
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${clientPort}`,
    }),
    kill9: () => server.kill9(),
    freeze: () => server.signal("SIGSTOP"),
    thaw: () => server.signal("SIGCONT"),
    restart: async () => {
      server = await start();
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
};
