/** One program, several commands; each is loaded only when it is asked for. */
const COMMANDS: Readonly<
  Record<string, () => Promise<{ readonly start: (argv: readonly string[]) => Promise<never> }>>
> = {
  run: () => import("./commands/run/main.ts"),
};

const usage = (): string =>
  `usage: roadstream cloud <command> [options]     (each has --help)\n\n  ${Object.keys(COMMANDS).join(" | ")}\n`;

const [name = "", ...argv] = process.argv.slice(2);
const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
if (load === undefined) {
  const isHelp = name === "--help" || name === "-h" || name === "help";
  (isHelp ? process.stdout : process.stderr).write(usage());
  process.exit(isHelp ? 0 : 2);
}
const { start } = await load();
await start(argv);
