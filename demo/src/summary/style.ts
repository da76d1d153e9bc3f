/** Emphasis for people; none where colour is not wanted. */
export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
}

const code =
  (on: number, off: number) =>
  (text: string): string =>
    `\u001b[${on}m${text}\u001b[${off}m`;

const COLOURED: Style = { bold: code(1, 22), dim: code(2, 22), good: code(32, 39), bad: code(31, 39) };
const same = (text: string): string => text;
const PLAIN: Style = { bold: same, dim: same, good: same, bad: same };

/** https://no-color.org: any value but the empty one turns colour off. */
export const styleFor = (options: {
  readonly isTerminal: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}): Style => {
  const { isTerminal, env } = options;
  return isTerminal && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb" ? COLOURED : PLAIN;
};
