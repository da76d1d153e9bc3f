import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { serviceFolder } from "./service-folder.ts";

/** One thing that a machine may lack. */
export interface InstallStep {
  readonly name: string;
  /** What it takes, for people. */
  readonly cost: string;
  /** Programs that must be on the machine before; the installer brings none of them. */
  readonly needs: readonly string[];
  /** Those of them that it needs to run, too. */
  readonly runsWith?: readonly string[];
  /** Null when it is there in the right version, else what is missing. */
  missing(): string | null;
  install(): Promise<void>;
}

const STEP_DEADLINE_MS = 20 * 60_000;
const TAIL_CHARACTERS = 2000;

export const say = (text: string): void => void process.stderr.write(`${text}\n`);

export const onPath = (program: string): boolean =>
  spawnSync("sh", ["-c", `command -v "$1"`, "sh", program], { stdio: "ignore" }).status === 0;

/** The text that a program prints, null when it cannot be run or fails. */
export const outputOf = (program: string, args: readonly string[]): string | null => {
  const run = spawnSync(program, args, { encoding: "utf8", timeout: 60_000 });
  return run.status === 0 ? `${run.stdout}${run.stderr}` : null;
};

/** Runs a program to its end; throws with the tail of its output when it fails or hangs. */
export const run = async (
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: Readonly<Record<string, string>> } = {},
): Promise<void> => {
  say(`  $ ${[program, ...args].join(" ")}`);
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: STEP_DEADLINE_MS,
  });
  let tail = "";
  const keep = (chunk: Buffer): void => {
    tail = (tail + chunk.toString("utf8")).slice(-TAIL_CHARACTERS);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const end = await new Promise<string>((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", (code, signal) => resolve(code === 0 ? "" : `ended with ${signal ?? code}`));
  });
  if (end !== "") throw new Error(`${program} ${end}\n${tail}`);
};

/**
 * A folder that is either complete, in the stated version, or not there: made beside and renamed, so that an
 * interrupted installation is begun again.
 */
export const versionedFolder = (name: string, version: string) => {
  const path = join(serviceFolder(), name);
  const stamp = join(path, "VERSION");
  return {
    path,
    missing: (): string | null => {
      const found = existsSync(stamp) ? readFileSync(stamp, "utf8").trim() : null;
      return found === version ? null : `${name} ${version}${found === null ? "" : ` (found ${found})`}`;
    },
    /** For what must be made in its place: the last thing to do. */
    stamp: (): void => writeFileSync(stamp, `${version}\n`),
    fill: async (make: (folder: string) => Promise<void>): Promise<void> => {
      const draft = `${path}.draft-${process.pid}`;
      rmSync(draft, { recursive: true, force: true });
      mkdirSync(draft, { recursive: true });
      try {
        await make(draft);
        writeFileSync(join(draft, "VERSION"), `${version}\n`);
        rmSync(path, { recursive: true, force: true });
        renameSync(draft, path);
      } finally {
        rmSync(draft, { recursive: true, force: true });
      }
    },
  };
};
