import type { StageExit } from "../ports.ts";

/** How a process ended, for a person. */
export const exitWords = ({ code, signal }: StageExit): string =>
  signal === null ? `ended with exit code ${code ?? "unknown"}` : `was ended by ${signal}`;
