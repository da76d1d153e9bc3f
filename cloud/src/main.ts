/** One program, several commands; each is loaded only when it is asked for. */
interface Command {
  /** One line of the usage text. */
  readonly does: string;
  readonly load: () => Promise<{ readonly start: (argv: readonly string[]) => Promise<never> }>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  run: {
    does: "land the event log in the lake",
    load: () => import("./commands/run/main.ts"),
  },
  sql: {
    does: "ask the lake in SQL",
    load: () => import("./commands/sql/main.ts"),
  },
  views: {
    does: "print the lake's views in Athena's SQL, or make them there",
    load: () => import("./commands/views/main.ts"),
  },
  verify: {
    does: "say what became of every reading, twice over",
    load: () => import("./commands/verify/main.ts"),
  },
  status: {
    does: "say how fresh the lake is, and what is alarming",
    load: () => import("./commands/status/main.ts"),
  },
  trace: {
    does: "follow one record through all stages",
    load: () => import("./commands/trace/main.ts"),
  },
  "dead-letters": {
    does: "list, show and replay what was refused",
    load: () => import("./commands/dead-letters/main.ts"),
  },
  load: {
    does: "copy new rows to a warehouse: Redshift, or a DuckDB file",
    load: () => import("./commands/load/main.ts"),
  },
  facts: {
    does: "compute the facts of driving in a warehouse anew, with speed limits",
    load: () => import("./commands/facts/main.ts"),
  },
  files: {
    does: "list a table's current data files",
    load: () => import("./commands/files/main.ts"),
  },
  compact: {
    does: "make few files of each past day's many",
    load: () => import("./commands/compact/main.ts"),
  },
  expire: {
    does: "let go of old snapshots",
    load: () => import("./commands/expire/main.ts"),
  },
  orphans: {
    does: "find, and remove, objects that no snapshot names",
    load: () => import("./commands/orphans/main.ts"),
  },
  erase: {
    does: "erase a vehicle from the lake, for good",
    load: () => import("./commands/erase/main.ts"),
  },
  retain: {
    does: "say for how long tables keep their rows, and drop what is older",
    load: () => import("./commands/retain/main.ts"),
  },
  groups: {
    does: "list the groups that an event log on SQLite waits for, and forget one",
    load: () => import("./commands/groups/main.ts"),
  },
  rebuild: {
    does: "write a table's lost ledger anew from its rows",
    load: () => import("./commands/rebuild/main.ts"),
  },
};

const usage = (): string => {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length));
  const lines = Object.entries(COMMANDS).map(([name, { does }]) => `  ${name.padEnd(width)}  ${does}\n`);
  return `usage: roadstream cloud <command> [options]     (each has --help)\n\n${lines.join("")}`;
};

const [name = "", ...argv] = process.argv.slice(2);
const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
if (command === undefined) {
  const isHelp = name === "--help" || name === "-h" || name === "help";
  if (!isHelp && name !== "") process.stderr.write(`no such command: ${name}\n`);
  (isHelp ? process.stdout : process.stderr).write(usage());
  process.exit(isHelp ? 0 : 2);
}
const { start } = await command.load();
await start(argv);
