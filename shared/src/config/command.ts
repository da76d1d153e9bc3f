import { parse as parseYaml } from "yaml";
import { errorText } from "../errors.ts";
import { helpText } from "./help.ts";
import { environmentName, flagName } from "./names.ts";
import { maybe, setting, toggle, type Options, type Values } from "./option.ts";
import { scanArguments } from "./scan-arguments.ts";
import { z } from "zod";

/** A program or subcommand: what it is called, what it takes, how it is explained. */
export interface Command<O extends Options> {
  /** As typed: `roadstream cloud run`. */
  readonly name: string;
  readonly summary: string;
  readonly options: O;
  /** Names of positional arguments for --help, all required. */
  readonly positionals?: readonly string[];
  /** What may follow them any number of times. */
  readonly rest?: string;
  readonly examples?: readonly string[];
}

export const defineCommand = <O extends Options>(command: Command<O>): Command<O> => command;

/** Options that every process has. */
export const COMMON_OPTIONS = {
  config: maybe(z.string(), {
    help: "Settings from a YAML file; flags and environment win.",
    placeholder: "FILE.yaml",
  }),
  logFormat: setting(z.enum(["text", "json"]), {
    help: "How people's log lines look on stderr.",
    placeholder: "text|json",
    default: "text",
  }),
  logLevel: setting(z.enum(["debug", "info", "warn", "error"]), {
    help: "What is logged.",
    placeholder: "debug|info|warn|error",
    default: "info",
  }),
  json: toggle({ help: "One JSON object on stdout at the end." }),
} as const;

/** For long-lived processes. */
export const METRICS_OPTION = {
  metricsListen: maybe(z.string(), {
    help: "Serve /healthz, /readyz and /metrics there; port 0 takes a free one.",
    placeholder: "HOST:PORT",
  }),
} as const;

export interface Invocation {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads a configuration file; injected so that parsing stays pure. */
  readonly readFile: (path: string) => string;
}

export type Parsed<O extends Options> =
  | { readonly kind: "run"; readonly values: Values<O>; readonly positionals: readonly string[] }
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "wrong"; readonly problems: readonly string[] };

type Texts = Readonly<Record<string, unknown>>;

const asText = (value: unknown): unknown =>
  typeof value === "number" || typeof value === "bigint" ? String(value) : (value ?? undefined);

const fileTexts = (path: string, options: Options, invocation: Invocation, problems: string[]): Texts => {
  let content: unknown;
  try {
    content = parseYaml(invocation.readFile(path)) ?? {};
  } catch (error) {
    problems.push(`--config ${path}: ${errorText(error)}`);
    return {};
  }
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    problems.push(`--config ${path}: must be a mapping of settings`);
    return {};
  }
  const keys = new Map(Object.keys(options).map((key) => [flagName(key), key]));
  const texts: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(content)) {
    const key = keys.get(name);
    if (key === undefined) problems.push(`--config ${path}: unknown setting "${name}"`);
    else texts[key] = asText(value);
  }
  return texts;
};

const environmentTexts = (options: Options, env: Invocation["env"]): Texts =>
  Object.fromEntries(
    Object.entries(options).flatMap(([key, option]) => {
      const value = env[option.env ?? environmentName(key)];
      return value === undefined || value === "" ? [] : [[key, value]];
    }),
  );

/** Reads flags, environment and file into values. Nothing is started and nothing printed. */
export const parseCommand = <O extends Options>(command: Command<O>, invocation: Invocation): Parsed<O> => {
  const scanned = scanArguments(command.options, invocation.argv);
  if (scanned.wantsHelp) return { kind: "help", text: helpText(command) };
  const problems = [...scanned.problems];
  const expected = command.positionals ?? [];
  if (scanned.positionals.length < expected.length)
    problems.push(`missing ${expected.slice(scanned.positionals.length).join(" ")}`);
  if (command.rest === undefined && scanned.positionals.length > expected.length) {
    problems.push(`unexpected argument ${JSON.stringify(scanned.positionals[expected.length])}`);
  }
  const environment = environmentTexts(command.options, invocation.env);
  const configPath = scanned.flags["config"] ?? environment["config"];
  const file =
    typeof configPath === "string" ? fileTexts(configPath, command.options, invocation, problems) : {};
  const values: Record<string, unknown> = {};
  for (const [key, option] of Object.entries(command.options)) {
    const result = option.schema.safeParse(scanned.flags[key] ?? environment[key] ?? file[key]);
    if (result.success) values[key] = result.data;
    else
      problems.push(
        `${option.isSecret ? (option.env ?? environmentName(key)) : `--${flagName(key)}`}: ${result.error.issues.map((issue) => issue.message).join("; ")}`,
      );
  }
  if (problems.length > 0) return { kind: "wrong", problems };
  return { kind: "run", values: values as Values<O>, positionals: scanned.positionals };
};
