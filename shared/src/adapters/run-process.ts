import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "../config/command.ts";
import { parseCommand } from "../config/command.ts";
import type { Options, Values } from "../config/option.ts";
import { errorText, isRoadstreamError, RoadstreamError } from "../errors.ts";
import type { Logger } from "../ports/logger.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { Random } from "../random/random.ts";
import type { Clock } from "../time/clock.ts";
import { healthServer, type HealthServer } from "./health-server.ts";
import { pinoLogger } from "./pino-logger.ts";
import { promMetrics } from "./prom-metrics.ts";
import { systemClock } from "./system-clock.ts";
import { systemRandom } from "./system-random.ts";

export const EXIT_CODES = { done: 0, failed: 1, usage: 2, defect: 3 } as const;
export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];

/** How long a clean stop may take before the process ends anyway. */
const STOP_LIMIT_MS = 10_000;

/** What a process has from the start. */
export interface ProcessContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Fires at SIGINT or SIGTERM: stop cleanly. */
  readonly signal: AbortSignal;
  readonly positionals: readonly string[];
  /** A path as the user meant it: relative to where they stand, also through pnpm. */
  path(text: string): string;
  /** Writes data to stdout. */
  print(text: string): void;
  /**
   * How the work went, which it gives back: to be called before it is printed, so that it is the exit code also when
   * nobody reads what is printed.
   */
  judged(code: ExitCode): ExitCode;
  /** Says on stderr, in one JSON line, that the work has begun. */
  ready(fields?: Readonly<Record<string, unknown>>): void;
}

interface CommonValues {
  readonly logFormat?: "text" | "json";
  readonly logLevel?: "debug" | "info" | "warn" | "error";
  readonly metricsListen?: string | null;
}

const callerDirectory = (env: ProcessContext["env"]): string => env["INIT_CWD"] ?? process.cwd();

/**
 * stdout and stderr may be pipes that nobody reads any more: that ends us quietly, as `head` expects, with the exit code
 * that is known by then. Data that cannot be written for another reason is lost.
 */
const endOnClosedPipe = (name: string): void => {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit();
      if (stream === process.stderr) return;
      process.exitCode = EXIT_CODES.failed;
      tellError(name, new RoadstreamError("storage", `stdout is not whole: ${errorText(error)}`));
      process.exit();
    });
  }
};

const stopSignal = (logger: Logger): AbortSignal => {
  const controller = new AbortController();
  const onSignal = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(EXIT_CODES.failed);
    logger.info("stopping", { signal: name });
    controller.abort(new RoadstreamError("aborted", `stopped by ${name}`));
    setTimeout(() => {
      logger.error("stop_too_slow", { limit_ms: STOP_LIMIT_MS });
      process.exit(EXIT_CODES.failed);
    }, STOP_LIMIT_MS).unref();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return controller.signal;
};

/** Node would open a debugger at SIGUSR1, which here is a button, or nothing. */
const keepDebuggerShut = (): void => void process.on("SIGUSR1", () => undefined);

const tellError = (name: string, error: unknown): void => {
  process.stderr.write(`${name}: ${errorText(error)}\n`);
  if (isRoadstreamError(error) && error.hint !== null)
    process.stderr.write(`${" ".repeat(name.length)}  ${error.hint}\n`);
  if (!isRoadstreamError(error) && error instanceof Error) process.stderr.write(`${error.stack ?? ""}\n`);
};

const exitCodeOf = (error: unknown, stopping: boolean): ExitCode => {
  if (isRoadstreamError(error, "usage")) return EXIT_CODES.usage;
  return stopping && isRoadstreamError(error, "aborted") ? EXIT_CODES.done : EXIT_CODES.failed;
};

const readyLine = (
  stage: string,
  health: HealthServer | null,
  fields: Readonly<Record<string, unknown>>,
): string =>
  `${JSON.stringify({ event: "ready", stage, pid: process.pid, listen: null, metrics: health?.url ?? null, ...fields })}\n`;

/** The code with which the process ends from here on, however it ends. */
const judged = (code: ExitCode): ExitCode => (process.exitCode = code);

/**
 * Runs one command as this process: parses, starts logging and metrics, turns signals into an AbortSignal, and ends
 * with the contract's exit code. Never returns.
 */
export const runProcess = async <O extends Options>(options: {
  stage: string;
  command: Command<O>;
  argv: readonly string[];
  /** The exit code is an answer: who goes away before it is known has not heard that all is well. */
  judges?: true;
  main: (values: Values<O>, context: ProcessContext) => Promise<ExitCode>;
}): Promise<never> => {
  endOnClosedPipe(options.command.name);
  keepDebuggerShut();
  const { stage, command } = options;
  const env = process.env;
  const path = (text: string): string => resolve(callerDirectory(env), text);
  const parsed = parseCommand(command, {
    argv: options.argv,
    env,
    readFile: (file) => readFileSync(path(file), "utf8"),
  });
  if (parsed.kind === "help") {
    process.stdout.write(parsed.text);
    process.exit(EXIT_CODES.done);
  }
  if (parsed.kind === "wrong") {
    const problems = parsed.problems.map((problem) => `${command.name}: ${problem}\n`).join("");
    process.stderr.write(`${problems}Try: ${command.name} --help\n`);
    process.exit(EXIT_CODES.usage);
  }
  const common: CommonValues = parsed.values;
  const logger = pinoLogger({
    stage,
    format: common.logFormat ?? "text",
    level: common.logLevel ?? "info",
    env,
  });
  const metrics = promMetrics();
  const signal = stopSignal(logger);
  if (options.judges === true) judged(EXIT_CODES.failed);
  let health: HealthServer | null = null;
  let isReady = false;
  try {
    const listen = common.metricsListen ?? null;
    health =
      listen === null
        ? null
        : await healthServer({ listen, isReady: () => isReady, metrics: () => metrics.text() });
    const code = await options.main(parsed.values, {
      clock: systemClock(),
      random: systemRandom(),
      logger,
      metrics,
      env,
      signal,
      positionals: parsed.positionals,
      path,
      print: (text) => void process.stdout.write(text),
      judged,
      ready: (fields = {}) => {
        isReady = true;
        process.stderr.write(readyLine(stage, health, fields));
      },
    });
    await health?.[Symbol.asyncDispose]();
    return exitAfterFlush(code);
  } catch (error) {
    const code = judged(exitCodeOf(error, signal.aborted));
    if (code !== EXIT_CODES.done) tellError(command.name, error);
    return exitAfterFlush(code);
  }
};

/** A pipe takes data asynchronously: wait until stdout has gone out before leaving. */
const exitAfterFlush = async (code: ExitCode): Promise<never> => {
  judged(code);
  await new Promise<void>((done) => process.stdout.write("", () => done()));
  process.exit(code);
};
