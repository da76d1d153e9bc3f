import type { PathProgress } from "../progress/progress-view.ts";
import type { NextCommands } from "./command-lines.ts";
import type { Style } from "./style.ts";
import { countText } from "./words.ts";

/** What a person reads after Ctrl-C. */
export const stoppedText = (last: PathProgress, next: NextCommands, style: Style): string => {
  const captured = last.cars.reduce((sum, car) => sum + car.captured, 0);
  return [
    "",
    style.bold("Stopped; no process is left running."),
    `  ${countText(captured)} readings were captured so far and are safe on the disk: in the lake, in the event log, or in the cars' outboxes.`,
    "",
    `  ${style.dim("deliver what is left, and drive again:")}`,
    `    ${next.again}`,
    `  ${style.dim("start afresh:")}`,
    `    ${next.afresh}`,
    `  ${style.dim("look at what has landed:")}`,
    `    ${next.example}`,
    "",
  ].join("\n");
};
