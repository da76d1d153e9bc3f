import { once } from "node:events";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { errorText, RoadstreamError } from "@roadstream/shared";
import { rowsResult } from "../sql/rows-result.ts";
import type { Cell } from "../sql/query-result.ts";
import { tableText, type TableLook } from "../sql/table-text.ts";

/** Where a command's data goes: a file, or stdout. */
export interface Output extends AsyncDisposable {
  readonly isTerminal: boolean;
  /** Characters of a line; infinite where nobody looks. */
  readonly width: number;
  /** Resolves when more can be taken. */
  write(text: string): Promise<void>;
  /** A file's bytes, as they are. */
  copy(file: string): Promise<void>;
}

/** The file is made, or emptied, at once. Throws `usage` when it cannot be, `storage` when it does not take everything. */
const fileOutput = async (path: string): Promise<Output> => {
  const file = await open(path, "w").catch((cause: unknown) => {
    throw new RoadstreamError("usage", `cannot write ${path}`, { cause });
  });
  const writing = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (cause) {
      throw new RoadstreamError("storage", `${path} is not whole: ${errorText(cause)}`, {
        cause,
        hint: "What is there of it is only a beginning. Make room, or name a file elsewhere.",
      });
    }
  };
  return {
    isTerminal: false,
    width: Infinity,
    write: (text) => writing(() => file.writeFile(text)),
    copy: (other) =>
      writing(async () => {
        for await (const bytes of createReadStream(other)) await file.writeFile(bytes as Buffer);
      }),
    [Symbol.asyncDispose]: () => writing(() => file.close()),
  };
};

const { stdout } = process;

export const STDOUT: Output = {
  isTerminal: stdout.isTTY,
  // A terminal that does not say how wide it is says 0.
  width: stdout.isTTY && stdout.columns > 0 ? stdout.columns : Infinity,
  write: async (text) => {
    if (!stdout.write(text)) await once(stdout, "drain");
  },
  copy: (file) => pipeline(createReadStream(file), stdout, { end: false }),
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

export const openOutput = (path: string | null): Promise<Output> =>
  path === null ? Promise.resolve(STDOUT) : fileOutput(path);

/** What is not data goes to stderr. */
export const sayToPeople = (text: string): void => void process.stderr.write(`${text}\n`);

/** How a table is to look there: in colour on a terminal (https://no-color.org), notes to stderr. */
export const peopleLook = (
  output: Output,
  env: Readonly<Record<string, string | undefined>>,
): Omit<TableLook, "maxRows"> => ({
  width: output.width,
  hasColour: output.isTerminal && (env["NO_COLOR"] ?? "") === "",
  note: sayToPeople,
});

/** Prints objects of one shape as a table on stdout, all of them; `note` is said on stderr instead of their number. */
export const printRows = async (
  rows: readonly Readonly<Record<string, Cell>>[],
  env: Readonly<Record<string, string | undefined>>,
  note: string,
): Promise<void> => {
  const look = { ...peopleLook(STDOUT, env), maxRows: Infinity };
  if (rows.length > 0)
    for await (const text of tableText(rowsResult(rows), { ...look, note: () => undefined }))
      await STDOUT.write(text);
  look.note(note);
};
