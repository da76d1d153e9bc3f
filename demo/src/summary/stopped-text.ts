import type { PathProgress } from "../progress/progress-view.ts";
import type { NextCommands } from "./command-lines.ts";
import type { Style } from "./style.ts";
import { countText } from "./words.ts";

/** What a person reads after Ctrl-C. */
export const stoppedText = (last: PathProgress, next: NextCommands, style: Style): string => {
  const captured = last.cars.reduce((sum, car) => sum + car.captured, 0);
  const safe =
    captured === 0
      ? "  Nothing was captured yet."
      : `  ${countText(captured)} readings are safe on the disk: in the lake, in the event log, or in the cars' outboxes.`;
  const look = [`  ${style.dim("look at what has landed:")}`, `    ${next.example}`];
  return [
    "",
    style.bold("Stopped; no process is left running."),
    safe,
    "",
    `  ${style.dim("deliver what is left, and drive again:")}`,
    `    ${next.again}`,
    `  ${style.dim("start afresh:")}`,
    `    ${next.afresh}`,
    ...(last.cloud.landed > 0 ? look : []),
    "",
  ].join("\n");
};
