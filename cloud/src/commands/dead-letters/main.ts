import { EXIT_CODES, runProcess } from "@roadstream/shared/adapters";
import { LIST_COMMAND, REPLAY_COMMAND, SHOW_COMMAND } from "./config.ts";
import { list } from "./list/main.ts";
import { replay } from "./replay/main.ts";
import { show } from "./show/main.ts";

const USAGE = `usage: roadstream cloud dead-letters <command> [options]     (each has --help)

  list    what was refused, and why
  show    one of them whole, with its bytes
  replay  judge them anew, mended by a transform; what passes goes through the log again
`;

export const start = async (argv: readonly string[]): Promise<never> => {
  const [name = "", ...rest] = argv;
  const stage = "cloud";
  if (name === "list") return runProcess({ stage, command: LIST_COMMAND, argv: rest, main: list });
  if (name === "show") return runProcess({ stage, command: SHOW_COMMAND, argv: rest, main: show });
  if (name === "replay") return runProcess({ stage, command: REPLAY_COMMAND, argv: rest, main: replay });
  const isHelp = name === "--help" || name === "-h" || name === "help";
  (isHelp ? process.stdout : process.stderr).write(USAGE);
  process.exit(isHelp ? EXIT_CODES.done : EXIT_CODES.usage);
};
