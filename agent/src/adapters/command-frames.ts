import { spawn } from "node:child_process";
import { millis, withDeadline, type Clock, type DurationMs, isRoadstreamError } from "@roadstream/shared";
import type { GrabbedFrame } from "../ports.ts";

/** More than any picture that would be kept; a program that writes without end is stopped. */
const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;
const MAX_STDERR_CHARS = 500;
/** rpicam-still and the like take a second or two, and can hang for ever. */
const COMMAND_DEADLINE: DurationMs = millis(15_000);

type Failure = Extract<GrabbedFrame, { failure: string }>;

/** Runs the program; its standard output is the picture. It and what it started are killed when it takes too long. */
export const commandGrab = (options: {
  readonly program: string;
  readonly args: readonly string[];
  readonly clock: Clock;
  readonly deadline?: DurationMs;
}): ((signal: AbortSignal) => Promise<Uint8Array | Failure>) => {
  const { program, args, clock, deadline = COMMAND_DEADLINE } = options;
  return async (signal) => {
    try {
      return await withDeadline(clock, deadline, program, (inner) => output(program, args, inner), signal);
    } catch (error) {
      return { failure: isRoadstreamError(error, "timeout") ? "hung" : "failed", cause: error };
    }
  };
};

const output = (program: string, args: readonly string[], signal: AbortSignal): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    // A group of its own, so that killing it reaches what a wrapping shell started.
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
    const chunks: Buffer[] = [];
    let size = 0;
    let said = "";
    const kill = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        // It had ended already.
      }
    };
    const fail = (error: Error): void => {
      signal.removeEventListener("abort", kill);
      reject(error);
    };
    signal.addEventListener("abort", kill, { once: true });
    if (signal.aborted) kill();
    child.stdout.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_OUTPUT_BYTES) kill();
      else chunks.push(chunk);
    });
    child.stderr.on("data", (chunk: Buffer) => {
      if (said.length < MAX_STDERR_CHARS) said += chunk.toString("utf8").slice(0, MAX_STDERR_CHARS);
    });
    child.on("error", fail);
    child.on("close", (code, by) => {
      if (code === 0 && size <= MAX_OUTPUT_BYTES) {
        signal.removeEventListener("abort", kill);
        resolve(Buffer.concat(chunks));
      } else fail(new Error(`${program} ended with ${code ?? by}: ${said.trim()}`));
    });
  });
