import { execFileSync } from "node:child_process";
import { chownSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { leash } from "../processes/leashed-process.ts";
import { freePort } from "./free-port.ts";
import { postgresProgram } from "./install/postgres-step.ts";

const READY_DEADLINE_MS = 60_000;
const USER = "roadstream";

export interface RunningPostgres extends AsyncDisposable {
  connect(): Promise<Client>;
}

/** It refuses to run as root: then it is Debian's own user for it who does. */
const asItsUser = (folder: string): readonly string[] => {
  if (process.getuid?.() !== 0) return [];
  const id = (flag: string): number => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  const [user, group] = [id("-u"), id("-g")];
  chownSync(folder, user, group);
  return ["setpriv", `--reuid=${user}`, `--regid=${group}`, "--clear-groups"];
};

/** A fresh PostgreSQL on a free port of this machine; it ends with the test process at the latest. */
export const startPostgres = async (): Promise<RunningPostgres> => {
  const folder = mkdtempSync(join(tmpdir(), "roadstream-postgres-"));
  const prefix = asItsUser(folder);
  const data = join(folder, "data");
  const run = (program: string, args: readonly string[]): readonly [string, readonly string[]] => {
    const [first = program, ...rest] = [...prefix, program, ...args];
    return [first, rest];
  };
  const init = ["-D", data, "-U", USER, "--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync"];
  const [initProgram, initArgs] = run(postgresProgram("initdb"), init);
  execFileSync(initProgram, [...initArgs], { stdio: "pipe", cwd: folder });
  const port = await freePort();
  const settings = [
    "listen_addresses=127.0.0.1",
    "fsync=off",
    "timezone=UTC",
    `unix_socket_directories=${folder}`,
  ];
  const options = ["-D", data, "-p", String(port), ...settings.flatMap((setting) => ["-c", setting])];
  const server = await leash(...run(postgresProgram("postgres"), options), { cwd: folder });
  const connect = async (): Promise<Client> => {
    const client = new Client({ host: "127.0.0.1", port, user: USER, database: "postgres" });
    // Told again by the statement that it fails.
    client.on("error", () => undefined);
    await client.connect();
    return client;
  };
  const close = async (): Promise<void> => {
    await server.kill9();
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  };
  const deadline = performance.now() + READY_DEADLINE_MS;
  for (;;) {
    const first = await connect().catch(() => null);
    if (first !== null) {
      await first.end();
      return { connect, [Symbol.asyncDispose]: close };
    }
    if (performance.now() > deadline) {
      await close();
      throw new Error(`PostgreSQL does not answer:\n${server.output()}`);
    }
    await sleep(100);
  }
};
