import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { leash, type LeashedProcess, type ProcessEnd } from "./leashed-process.ts";

export type StageName = "agent" | "gateway" | "cloud" | "demo" | "bench";

/** The line on stderr that says the work has begun; each stage adds fields of its own. */
export interface ReadyLine {
  readonly stage: string;
  readonly pid: number;
  readonly listen: string | null;
  readonly metrics: string | null;
  readonly [field: string]: unknown;
}

export interface StageExit extends ProcessEnd {
  readonly stdout: string;
  readonly stderr: string;
}

type LogLine = Readonly<Record<string, unknown>> & { readonly event: string };

/** A stage that is at work. Dispose of it (`await using`): SIGKILL if it still runs. */
export interface Stage extends Omit<LeashedProcess, "exit" | "kill9"> {
  readonly name: StageName;
  readonly ready: ReadyLine;
  readonly exit: Promise<StageExit>;
  kill9(): Promise<StageExit>;
  /** SIGTERM, and waits for its end. */
  stop(): Promise<StageExit>;
  /** Waits for a log line with this event and these fields, among the lines from `from` on (all, by default). */
  logged(
    event: string,
    options?: {
      readonly fields?: Readonly<Record<string, unknown>>;
      readonly from?: number;
      readonly deadlineMs?: number;
    },
  ): Promise<LogLine>;
}

export interface StageOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** For `startStage`, until it is ready; for `runStage`, until it has ended. */
  readonly deadlineMs?: number;
  /** A program, with arguments, that becomes the stage: it is given the stage's own command line. */
  readonly under?: readonly [string, ...string[]];
}

const DEADLINE_MS = 60_000;
const LOOK_MS = 50;
const STOP_DEADLINE_MS = 12_000;
const LOG_DEADLINE_MS = 20_000;

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const BENCH_MAIN = `${ROOT}hardware/src/bench/main.ts`;

/** `bin/roadstream bench` is the benchmarks; the bench of this project is the virtual car. */
const commandOf = (name: StageName): readonly [string, ...string[]] =>
  name === "bench"
    ? [`${ROOT}node_modules/node/bin/node`, "--conditions=source", BENCH_MAIN]
    : [`${ROOT}bin/roadstream`, name];

/** Settings of whoever runs the tests must not reach the stages. */
const environment = (over: Readonly<Record<string, string>>): NodeJS.ProcessEnv => {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !name.startsWith("ROADSTREAM_") && name !== "INIT_CWD" && name !== "NODE_OPTIONS",
  );
  return {
    ...Object.fromEntries(inherited),
    UV_USE_IO_URING: "0",
    ROADSTREAM_LOG_FORMAT: "json",
    ...over,
  };
};

const launch = (name: StageName, args: readonly string[], options: StageOptions): Promise<LeashedProcess> => {
  const [program, ...before] = [...(options.under ?? []), ...commandOf(name)] as [string, ...string[]];
  return leash(program, [...before, ...args], { env: environment(options.env ?? {}) });
};

const endOf = async (child: LeashedProcess): Promise<StageExit> => {
  const end = await child.exit;
  return { ...end, stdout: child.stdout.text(), stderr: child.stderr.text() };
};

const parsed = (line: string): LogLine | null => {
  if (!line.startsWith("{")) return null;
  const value: unknown = JSON.parse(line);
  return typeof value === "object" && value !== null && "event" in value ? (value as LogLine) : null;
};

const within = async <T>(what: string, deadlineMs: number, work: Promise<T>): Promise<T> => {
  const timer = new AbortController();
  const late = sleep(deadlineMs, undefined, { signal: timer.signal }).then(
    () => Promise.reject(new Error(`${what}: not within ${deadlineMs} ms`)),
    () => new Promise<never>(() => undefined),
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
  }
};

/** Starts one of Roadstream's programs as a process of its own, and waits until it says that it is ready. */
export const startStage = async (
  name: StageName,
  args: readonly string[],
  options: StageOptions = {},
): Promise<Stage> => {
  const child = await launch(name, args, options);
  const deadlineMs = options.deadlineMs ?? DEADLINE_MS;
  const isReady = (line: string): LogLine | null => {
    const entry = parsed(line);
    return entry?.event === "ready" ? entry : null;
  };
  let ready: ReadyLine;
  try {
    ready = (await child.stderr.until(`${name} is ready`, isReady, { deadlineMs })) as unknown as ReadyLine;
  } catch (error) {
    await child.kill9();
    throw error;
  }
  const exit = endOf(child);
  const kill9 = async (): Promise<StageExit> => {
    await child.kill9();
    return exit;
  };
  return {
    ...child,
    name,
    ready,
    exit,
    kill9,
    stop: () => {
      child.signal("SIGTERM");
      return within(`${name} stops`, STOP_DEADLINE_MS, exit);
    },
    logged: (event, { fields = {}, from = 0, deadlineMs: limit = LOG_DEADLINE_MS } = {}) => {
      const wanted = Object.entries(fields);
      const read = (line: string): LogLine | null => {
        const entry = parsed(line);
        return entry?.event === event && wanted.every(([key, value]) => entry[key] === value) ? entry : null;
      };
      const what = `${name} logs ${event} ${JSON.stringify(fields)}`;
      return child.stderr.until(what, read, { deadlineMs: limit, from });
    },
  };
};

/** Starts one of Roadstream's programs that will not become ready, and waits only until it serves its metrics. */
export const startUnready = async (
  name: StageName,
  args: readonly string[],
  metricsPort: number,
): Promise<LeashedProcess> => {
  const at = `127.0.0.1:${metricsPort}`;
  const child = await launch(name, [...args, "--metrics-listen", at], {});
  const isServing = async (): Promise<boolean> => {
    while (
      !(await fetch(`http://${at}/healthz`).then(
        ({ ok }) => ok,
        () => false,
      ))
    )
      await sleep(LOOK_MS);
    return true;
  };
  await within(`${name} serves its metrics`, DEADLINE_MS, Promise.race([isServing(), child.exit]));
  return child;
};

/** Runs one of Roadstream's programs to its end; it is killed at the deadline. */
export const runStage = async (
  name: StageName,
  args: readonly string[],
  options: StageOptions = {},
): Promise<StageExit> => {
  await using child = await launch(name, args, options);
  child.stdin.end();
  return await within(`${name} ${args.join(" ")}`, options.deadlineMs ?? DEADLINE_MS, endOf(child));
};
