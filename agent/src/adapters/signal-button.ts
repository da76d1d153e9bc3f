import { on } from "node:events";
import type { ButtonPresses } from "../sources/button-source.ts";

/** SIGUSR1 is the button: a GPIO watcher or a person sends it. */
export const signalButton: ButtonPresses = async function* presses(signal) {
  try {
    for await (const _ of on(process, "SIGUSR1", { signal })) yield;
  } catch (error) {
    if (!signal.aborted) throw error;
  }
};
