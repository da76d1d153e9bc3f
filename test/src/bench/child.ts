import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

/** Runs a module in a process of its own, for what only a process has: its peak of memory. Returns the JSON it prints. */
export const measureInChild = async <T>(
  module: URL,
  args: readonly string[],
  nodeOptions: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<T> => {
  const child = spawn(
    process.execPath,
    [
      ...nodeOptions,
      "--conditions=source",
      "--disable-warning=ExperimentalWarning",
      module.pathname,
      ...args,
    ],
    { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, ...env } },
  );
  const [printed, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  if (code !== 0) throw new Error(`${module.pathname} ended with ${String(code)}`);
  return JSON.parse(printed) as T;
};

export const megabytes = (bytes: number): number => Math.round(bytes / 1e6);
