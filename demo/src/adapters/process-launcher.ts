import { spawn, type ChildProcess } from "node:child_process";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Launcher, StageExit, StageProcess, StageReady } from "../ports.ts";
import { readyLine } from "../supervise/ready-line.ts";
import type { Warden } from "./shell-warden.ts";

const LAST_WORDS_LINES = 12;
const MAX_STDOUT_CHARACTERS = 64 * 1024 * 1024;
const NOT_FOUND: StageExit = { code: 127, signal: null };

/** Processes in sessions of their own, so that Ctrl-C reaches the demo alone, which then ends them in order. */
export const processLauncher = (options: {
  readonly warden: Warden;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Folder that exists; stderr of each process is appended to `<name>.log`. */
  readonly output: string;
}): Launcher => {
  const { warden, env, cwd, output } = options;
  return {
    launch: (name, argv) => {
      const [program = "", ...args] = argv;
      const child = spawn(program, args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
      if (child.pid !== undefined) warden.watch(child.pid);
      const exited = exitOf(child).finally(() => {
        if (child.pid !== undefined) warden.forget(child.pid);
      });
      return stageProcess(child, { argv, cwd, exited, file: join(output, `${name}.log`) });
    },
  };
};

/** When the process has ended and its pipes are read out. */
const exitOf = (child: ChildProcess): Promise<StageExit> =>
  new Promise((resolve) => {
    child.once("error", () => resolve(NOT_FOUND));
    child.once("close", (code, signal) => resolve({ code, signal }));
  });

const stageProcess = (
  child: ChildProcess,
  about: Pick<StageProcess, "argv" | "cwd" | "exited"> & { readonly file: string },
): StageProcess => {
  const { file, ...rest } = about;
  let stdout = "";
  const words: string[] = [];
  const ready = Promise.withResolvers<StageReady | null>();
  const log = createWriteStream(file, { flags: "a" });
  // A full disk must not end the demo: what the stages say is for people.
  log.on("error", () => undefined);
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    if (stdout.length < MAX_STDOUT_CHARACTERS) stdout += text;
  });
  if (child.stderr !== null) {
    createInterface({ input: child.stderr }).on("line", (line) => {
      log.write(`${line}\n`);
      const said = readyLine(line);
      if (said !== null) ready.resolve(said);
      else words.splice(0, words.push(line) - LAST_WORDS_LINES);
    });
  }
  void rest.exited.then(() => {
    ready.resolve(null);
    log.end();
  });
  return {
    ...rest,
    pid: child.pid ?? 0,
    ready: ready.promise,
    stdout: () => stdout,
    lastWords: () => words.join("\n"),
    signal: (name) => void child.kill(name),
  };
};
