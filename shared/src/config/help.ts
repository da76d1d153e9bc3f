import type { Command } from "./command.ts";
import { environmentName, flagName } from "./names.ts";
import type { Options } from "./option.ts";

const COLUMN = 34;

const row = (left: string, right: string): string =>
  left.length < COLUMN - 2
    ? `  ${left.padEnd(COLUMN - 2)}${right}`
    : `  ${left}\n${" ".repeat(COLUMN)}${right}`;

/** The text of --help: what it does, its options with defaults, secrets, examples. */
export const helpText = (command: Command<Options>): string => {
  const entries = Object.entries(command.options);
  const flags = entries
    .filter(([, option]) => !option.isSecret)
    .map(([key, option]) => {
      const left = `--${flagName(key)}${option.placeholder === null ? "" : ` ${option.placeholder}`}`;
      return row(
        left,
        `${option.help}${option.defaultText === null ? "" : ` (default: ${option.defaultText})`}`,
      );
    });
  const secrets = entries
    .filter(([, option]) => option.isSecret)
    .map(([key, option]) => row(option.env ?? environmentName(key), option.help));
  const positionals = [
    ...(command.positionals ?? []),
    ...(command.rest === undefined ? [] : [`[${command.rest} …]`]),
  ]
    .map((name) => ` ${name}`)
    .join("");
  return [
    `${command.name} — ${command.summary}`,
    "",
    `usage: ${command.name}${positionals} [options]`,
    "",
    ...flags,
    row("--help", "This text."),
    ...(secrets.length === 0 ? [] : ["", "From the environment or the --config file only:", ...secrets]),
    "",
    "Each option is also ROADSTREAM_<OPTION> in the environment and a key of the --config file.",
    ...(command.examples === undefined
      ? []
      : ["", "Examples:", ...command.examples.map((example) => `  ${example}`)]),
    "",
  ].join("\n");
};
