import { pino, type Logger as Pino } from "pino";
import type { LogFields, Logger } from "../ports/logger.ts";

export type LogFormat = "text" | "json";

/** Values of these names never reach a log line, wherever they stand. */
const SECRET_NAMES = ["password", "secret", "token", "key", "cert", "authorization"];

const colours = { debug: "\u001B[2m", info: "", warn: "\u001B[33m", error: "\u001B[31m" } as const;
type Level = keyof typeof colours;

const textValue = (value: unknown): string =>
  (typeof value === "string" ? value : JSON.stringify(value)) ?? "";

/** One line for people: time, level, event, fields. */
const textLine = (json: string, colour: boolean): string => {
  const {
    level,
    time,
    event,
    pid: _pid,
    ...fields
  } = JSON.parse(json) as Record<string, unknown> & { level: Level; time: string };
  const pairs = Object.entries(fields).map(([name, value]) => `${name}=${textValue(value)}`);
  const paint = colour && colours[level] !== "" ? colours[level] : null;
  const line = `${time.slice(11, 23)} ${level.padEnd(5)} ${String(event)} ${pairs.join(" ")}`.trimEnd();
  return paint === null ? `${line}\n` : `${paint}${line}\u001B[0m\n`;
};

const wrap = (inner: Pino): Logger => ({
  debug: (event, fields = {}) => inner.debug({ event, ...fields }),
  info: (event, fields = {}) => inner.info({ event, ...fields }),
  warn: (event, fields = {}) => inner.warn({ event, ...fields }),
  error: (event, fields = {}) => inner.error({ event, ...fields }),
  child: (fields: LogFields) => wrap(inner.child(fields)),
});

/** Logs to stderr, synchronously, so that a killed process has said what it said. */
export const pinoLogger = (options: {
  stage: string;
  format: LogFormat;
  level: Level;
  env: Readonly<Record<string, string | undefined>>;
}): Logger => {
  const colour = process.stderr.isTTY && (options.env["NO_COLOR"] ?? "") === "";
  const destination = {
    write: (json: string): void =>
      void process.stderr.write(options.format === "json" ? json : textLine(json, colour)),
  };
  return wrap(
    pino(
      {
        level: options.level,
        base: { stage: options.stage, pid: process.pid },
        timestamp: () => `,"time":"${new Date().toISOString()}"`,
        formatters: { level: (label) => ({ level: label }) },
        redact: { paths: SECRET_NAMES.flatMap((name) => [name, `*.${name}`]), censor: "***" },
      },
      destination,
    ),
  );
};
