import { seconds, type Clock, type Logger } from "@roadstream/shared";
import type { Screen } from "../ports.ts";

/** Where lines cannot be drawn over, the state is told this often. */
const BRIEF_EVERY = seconds(10);
const CLEAR_BELOW = "\u001b[J";
const lineUp = (lines: number): string => (lines === 0 ? "" : `\u001b[${lines}A\r`);

/** A terminal: the lines of progress stay at the bottom and are drawn over. */
export const terminalScreen = (out: NodeJS.WriteStream): Screen => {
  let drawn: readonly string[] = [];
  let isClosed = false;
  const draw = (above: string, lines: readonly string[]): void => {
    // A line that wraps could not be drawn over. Colour codes take no room, so only plain lines are cut.
    const width = Math.max(20, out.columns) - 1;
    const cut = lines.map((line) => (line.length > width ? line.slice(0, width) : line));
    out.write(`${lineUp(drawn.length)}${CLEAR_BELOW}${above}${cut.map((line) => `${line}\n`).join("")}`);
    drawn = cut;
  };
  return {
    note: (text) => draw(`${text}\n`, drawn),
    progress: (lines) => {
      if (!isClosed) draw("", lines);
    },
    close: () => {
      isClosed = true;
      drawn = [];
    },
  };
};

/** A file or a pipe: plain lines, the state now and then. */
export const plainScreen = (clock: Clock, write: (text: string) => void): Screen => {
  let toldAt = -Infinity;
  let told = "";
  return {
    note: (text) => write(`${text}\n`),
    progress: (_, brief) => {
      if (clock.uptime() - toldAt < BRIEF_EVERY || brief === told) return;
      toldAt = clock.uptime();
      told = brief;
      write(`${brief}\n`);
    },
    close: () => undefined,
  };
};

/** With --log-format json, people's text is log lines too. */
export const loggerScreen = (clock: Clock, logger: Logger): Screen =>
  plainScreen(clock, (text) => logger.info("demo", { text: text.trim() }));
