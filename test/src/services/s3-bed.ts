import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { millis, silentLogger, type Clock, type Logger } from "@roadstream/shared";
import { systemClock, systemRandom } from "@roadstream/shared/adapters";
import { openLake, type OpenedLake } from "@roadstream/cloud/testing";
import { vi } from "vitest";
import { faultyS3Line, type FaultyS3Line } from "./faulty-s3-line.ts";
import type { RunningS3 } from "./run-s3.ts";

const random = systemRandom();
/** Pauses between attempts become a twentieth; names made from these numbers stay unlike each other. */
const HASTY = 0.05;

/** Deadlines come sooner: nobody waits for a server that is told to be silent. */
export const hurried = (factor: number): Clock => {
  const clock = systemClock();
  return { ...clock, sleep: (duration, signal) => clock.sleep(millis(duration / factor), signal) };
};

export interface OpenOptions {
  /** By default one that nobody used before. */
  readonly prefix?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** By default the bed's own. */
  readonly cache?: string;
}

/** An S3 server, a line to it that can be broken, and lakes there, each with a prefix of its own. */
export class S3Bed<S extends RunningS3 = RunningS3> implements AsyncDisposable {
  readonly server: S;
  readonly line: FaultyS3Line;
  readonly scratch: string;
  #prefixes = 0;

  private constructor(server: S, line: FaultyS3Line, scratch: string) {
    this.server = server;
    this.line = line;
    this.scratch = scratch;
    // The SDK looks for credentials in the process's own environment.
    for (const [name, value] of Object.entries(server.env())) vi.stubEnv(name, value);
  }

  /** Owns the server from here on. */
  static async on<S extends RunningS3>(server: S): Promise<S3Bed<S>> {
    const line = await faultyS3Line(server.port, server.bucket);
    return new S3Bed(server, line, await mkdtemp(join(tmpdir(), "roadstream-s3-bed-")));
  }

  /** `s3://…` with a prefix that nobody used before. */
  fresh(): string {
    return `s3://${this.server.bucket}/t${(this.#prefixes += 1)}`;
  }

  /** A lake as another process would open it, through the line. */
  open(spec: string = this.fresh(), options: OpenOptions = {}): OpenedLake {
    const env = {
      ...this.server.env(this.line.port),
      ROADSTREAM_LAKE_CACHE: options.cache ?? join(this.scratch, "cache"),
      ...options.env,
    };
    return openLake(
      { lake: spec, catalog: "file" },
      {
        clock: options.clock ?? systemClock(),
        random: { next: () => random.next() * HASTY },
        logger: options.logger ?? silentLogger,
        env,
        path: (text) => text,
      },
    );
  }

  /** No fault, and nothing seen yet. */
  heal(): void {
    this.line.fault = () => null;
    this.line.requests.length = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    vi.unstubAllEnvs();
    await this.line[Symbol.asyncDispose]();
    await this.server.stop();
    await rm(this.scratch, { recursive: true, force: true });
  }
}
