import { createInterface } from "node:readline";

/** Lines of standard input until it ends or the signal fires. */
export async function* stdinLines(signal: AbortSignal): AsyncGenerator<string> {
  const lines = createInterface({ input: process.stdin, signal });
  try {
    for await (const line of lines) yield line;
  } finally {
    lines.close();
    // A terminal left open would keep the process alive.
    process.stdin.destroy();
  }
}
