import { RoadstreamError } from "@roadstream/shared";
import type { Launcher } from "./ports.ts";
import { exitWords } from "./supervise/exit-words.ts";

/** Runs a program to its end for its stdout; throws where its exit code is none of `success`. */
export const runTool = async (
  launcher: Launcher,
  tool: {
    readonly name: string;
    readonly argv: readonly string[];
    readonly success?: readonly number[];
    readonly signal: AbortSignal;
  },
): Promise<{ readonly code: number; readonly stdout: string }> => {
  const { name, argv, success = [0], signal } = tool;
  if (signal.aborted) throw new RoadstreamError("aborted", `${name}: not started`);
  const process = launcher.launch(name, argv);
  const stop = (): void => process.signal("SIGTERM");
  signal.addEventListener("abort", stop, { once: true });
  const exit = await process.exited;
  signal.removeEventListener("abort", stop);
  if (signal.aborted) throw new RoadstreamError("aborted", `${name}: stopped`);
  if (exit.code === null || !success.includes(exit.code)) {
    throw new RoadstreamError("unavailable", `${name} ${exitWords(exit)}`, { hint: process.lastWords() });
  }
  return { code: exit.code, stdout: process.stdout() };
};
