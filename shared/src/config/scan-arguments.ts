import { environmentName, flagName } from "./names.ts";
import type { Options } from "./option.ts";

export interface ScannedArguments {
  readonly flags: Readonly<Record<string, string | boolean>>;
  readonly positionals: readonly string[];
  readonly wantsHelp: boolean;
  readonly problems: readonly string[];
}

/** The known name that differs least, for "did you mean". */
const nearest = (name: string, known: readonly string[]): string | null => {
  const close = known.filter(
    (candidate) => candidate.startsWith(name.slice(0, 3)) || candidate.includes(name),
  );
  return close[0] ?? null;
};

/**
 * Splits a command line: `--flag value`, `--flag=value`, `--switch`, `--no-switch`, `--` ends the flags. A flag given
 * twice is an error rather than a silent choice.
 */
export const scanArguments = (options: Options, argv: readonly string[]): ScannedArguments => {
  const keys = new Map(
    Object.entries(options)
      .filter(([, option]) => !option.isSecret)
      .map(([key]) => [flagName(key), key]),
  );
  const secrets = new Map(
    Object.entries(options)
      .filter(([, option]) => option.isSecret)
      .map(([key, option]) => [flagName(key), option.env ?? environmentName(key)]),
  );
  const flags: Record<string, string | boolean> = {};
  const positionals: string[] = [];
  const problems: string[] = [];
  let wantsHelp = false;
  const take = (key: string, name: string, value: string | boolean): void => {
    if (Object.hasOwn(flags, key)) problems.push(`--${name}: given twice`);
    flags[key] = value;
  };
  for (let i = 0; i < argv.length; i += 1) {
    const argument = argv[i] ?? "";
    if (argument === "--") {
      positionals.push(...argv.slice(i + 1));
      break;
    }
    if (argument === "--help" || argument === "-h") {
      wantsHelp = true;
      continue;
    }
    if (!argument.startsWith("--")) {
      positionals.push(argument);
      continue;
    }
    const equals = argument.indexOf("=");
    const name = argument.slice(2, equals === -1 ? undefined : equals);
    const inline = equals === -1 ? null : argument.slice(equals + 1);
    const off = name.startsWith("no-") ? keys.get(name.slice(3)) : undefined;
    const key = keys.get(name);
    if (key === undefined && off !== undefined && options[off]?.isSwitch === true && inline === null) {
      take(off, name, false);
      continue;
    }
    if (key === undefined && secrets.has(name)) {
      problems.push(
        `--${name}: is a secret, which others can read in a command line; give ${secrets.get(name)}`,
      );
      // Its value is not repeated as an argument that nobody expected.
      if (inline === null && argv[i + 1]?.startsWith("--") === false) i += 1;
      continue;
    }
    if (key === undefined) {
      const hint = nearest(name, [...keys.keys()]);
      problems.push(`unknown option --${name}${hint === null ? "" : `; did you mean --${hint}?`}`);
      continue;
    }
    if (options[key]?.isSwitch === true) {
      take(key, name, inline ?? true);
      continue;
    }
    const value = inline ?? argv[i + 1];
    if (value === undefined || (inline === null && value.startsWith("--"))) {
      problems.push(`--${name}: needs a value`);
      continue;
    }
    if (inline === null) i += 1;
    take(key, name, value);
  }
  return { flags, positionals, wantsHelp, problems };
};
