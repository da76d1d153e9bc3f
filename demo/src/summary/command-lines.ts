import { redactUrl } from "@roadstream/shared";
import { isAbsolute, relative } from "node:path";
import { EXAMPLE, NEXT_SQL } from "./questions.ts";

/** How this person starts Roadstream's programs, and where they stand. */
export interface Standpoint {
  /** `npx -y pnpm@12`, or the path of bin/roadstream. */
  readonly program: string;
  readonly folder: string;
}

/** pnpm runs scripts only from the project's own folder; from elsewhere the program's path works as well. */
export const standpoint = (options: {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
  readonly projectFolder: string;
  readonly program: string;
}): Standpoint => {
  const { env, folder, projectFolder, program } = options;
  const cameByPnpm = env["npm_config_user_agent"]?.startsWith("pnpm") === true;
  if (cameByPnpm && folder === projectFolder) return { program: "npx -y pnpm@12", folder };
  return { program: word(nearPath(folder, program)), folder };
};

/** What the person gave the demo, for another run. */
export const givenAgain = (argv: readonly string[]): readonly string[] =>
  argv.filter((argument) => argument !== "--reset" && argument !== "--json");

/** The shorter of a path from here and an absolute one. */
const nearPath = (from: string, path: string): string => {
  const near = relative(from, path);
  return near.startsWith("..") || isAbsolute(near) || near === "" ? path : near;
};

const word = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** A `file:` or `sqlite:` specification as it is from where the person stands. */
const nearSpec = (folder: string, spec: string): string => {
  const match = /^(file|sqlite):(.+)$/.exec(spec);
  if (match === null) return redactUrl(spec);
  return `${match[1]}:${nearPath(folder, match[2] ?? "")}`;
};

export interface NextCommands {
  readonly example: string;
  readonly sql: string;
  readonly trace: string | null;
  readonly verify: string;
  readonly again: string;
  readonly afresh: string;
}

/** Command lines to copy, working from where the person stands. */
export const nextCommands = (
  { program, folder }: Standpoint,
  about: {
    readonly logSpec: string;
    readonly lakeSpec: string;
    /** What the person gave the demo, without --reset. */
    readonly given: readonly string[];
    /** Any record's id. */
    readonly recordId: string | null;
  },
): NextCommands => {
  const lake = `--lake ${word(nearSpec(folder, about.lakeSpec))}`;
  const log = `--log ${word(nearSpec(folder, about.logSpec))}`;
  const demo = [program, "demo", ...about.given.map((text) => word(redactUrl(text)))].join(" ");
  return {
    example: `${program} cloud sql ${lake} "${EXAMPLE.sql}"`,
    sql: `${program} cloud sql ${lake} "${NEXT_SQL}"`,
    trace: about.recordId === null ? null : `${program} cloud trace ${about.recordId} ${lake} ${log}`,
    verify: `${program} cloud verify ${lake} ${log}`,
    again: demo,
    afresh: `${demo} --reset`,
  };
};
