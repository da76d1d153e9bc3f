import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const ROADSTREAM = join(import.meta.dirname, "../../../bin/roadstream");

/** How a program ended, and what it said. */
interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a line of bash ends with, in a folder; `$ROADSTREAM` is the program. */
export const runShell = async (folder: string, line: string): Promise<number> => {
  const options = { cwd: folder, env: { ...process.env, INIT_CWD: folder, ROADSTREAM } };
  try {
    await promisify(execFile)("bash", ["-c", line], options);
    return 0;
  } catch (error) {
    return (error as Ended).code;
  }
};

/** `roadstream cloud`, as people start it in a folder. A process costs most of a second. */
export const runCloud = async (folder: string, ...args: readonly string[]): Promise<Ended> => {
  // Through pnpm, the caller's folder would be where these tests were started.
  const options = { cwd: folder, env: { ...process.env, INIT_CWD: folder } };
  try {
    return { code: 0, ...(await promisify(execFile)(ROADSTREAM, ["cloud", ...args], options)) };
  } catch (error) {
    const { code, stdout, stderr } = error as Ended;
    return { code, stdout, stderr };
  }
};
